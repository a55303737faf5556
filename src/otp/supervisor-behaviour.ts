/**
 * Makes an actor of a `Supervision`: it traps exits, takes OTP's calls, and stops its children when
 * it terminates. Static and dynamic supervisors are both this.
 */
import { Blueprint, erase, type Parenthood } from "./blueprint.ts";
import type { SupervisorProtocol } from "./children.ts";
import type { ActorDefinition } from "./definition.ts";
import { type Behaviour, type Handled, refuse } from "./gen-server.ts";
import { type Retry, Supervision, type SupervisionOptions } from "./supervision.ts";

export function defineSupervisor(
  name: string | undefined,
  options: SupervisionOptions,
): ActorDefinition<SupervisorProtocol> {
  return new Blueprint({
    kind: "supervisor",
    name,
    create: (parenthood) => erase(supervisorBehaviour(options, parenthood)),
  });
}

function supervisorBehaviour(
  options: SupervisionOptions,
  parenthood: Parenthood,
): Behaviour<Supervision, SupervisorProtocol, Retry> {
  return {
    async init(self) {
      const supervision = new Supervision(options, parenthood, self);
      await supervision.startAll();
      return supervision;
    },
    handlers: {
      startChild: (state, spec) => answer(state, () => state.add(spec)),
      terminateChild: (state, id) => answer(state, () => state.terminate(id)),
      restartChild: (state, id) => answer(state, () => state.relaunch(id)),
      renewChild: (state, id) => answer(state, () => state.renew(id)),
      deleteChild: (state, id) => answer(state, () => state.delete(id)),
      whichChildren: (state) => [state, state.list()],
    },
    async info(state, message) {
      if (message.type === "EXIT") await state.childEnded(message);
      else if (message.type === "RETRY") await state.retry(message.id);
      return state;
    },
    terminate: (state) => state.stopAll(),
    describe: (state) => state.describe(),
  };
}

/** A child's failure to start, or a wrong id, is the caller's affair and no crash of the supervisor. */
async function answer<Reply>(
  state: Supervision,
  ask: () => Reply | Promise<Reply>,
): Promise<Handled<Supervision, Reply>> {
  try {
    return [state, await ask()];
  } catch (error) {
    return refuse(state, error);
  }
}
