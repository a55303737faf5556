/**
 * Invokes the function that one instance is, for whoever asks on this node or another. It only passes on:
 * how many are done at once, and what waits, is the function's own to say.
 */
import Type from "typebox";
import { Compile } from "typebox/compile";
import { BadRequest, Unavailable } from "../core/errors.ts";
import type { InstanceId } from "../core/ids.ts";
import { type Behaviour, refuse, replyLater } from "../otp/gen-server.ts";
import type { Invocable, Invoked } from "../providers/provider.ts";

/** Invocations passed on at once: bounds what a node keeps of them. */
const openMax = 10_000;
/** Of an event, in characters: at most a request's body. */
const eventCharsMax = 1024 * 1024;

const isEvent = Compile(Type.Object({ event: Type.String({ maxLength: eventCharsMax }) }));

export type InvokerProtocol = {
  /** `event`: JSON. */
  invoke: { request: { readonly event: string }; reply: Invoked };
  /** Invocations that are under way or wait. */
  load: { request: undefined; reply: number };
};

interface State {
  open: number;
}

export function invoker(
  instance: InstanceId,
  invocable: Invocable,
): Behaviour<State, InvokerProtocol> {
  return {
    init: () => ({ open: 0 }),
    handlers: {
      invoke(state, { event }, caller) {
        if (state.open >= openMax) return refuse(state, tooMany());
        state.open++;
        void invocable
          .invoke(instance, event)
          .then(
            (invoked) => caller.reply(invoked),
            (error: unknown) => caller.fail(error),
          )
          .finally(() => {
            state.open--;
          });
        return [state, replyLater];
      },
      load(state, _request, caller) {
        void invocable.load(instance).then(
          (load) => caller.reply(load),
          (error: unknown) => caller.fail(error),
        );
        return [state, replyLater];
      },
    },
    describe: ({ open }) => ({ invocations: open }),
    secret: ["invoke"],
    remote: {
      invoke(payload) {
        if (isEvent.Check(payload)) return payload;
        throw new BadRequest("not an event for a function");
      },
      load: () => undefined,
    },
  };
}

function tooMany(): Unavailable {
  return new Unavailable(`${openMax} invocations are under way on this node: no more may`);
}
