/**
 * What can be asked of the network through any node: finds out who decides or holds what is asked
 * for, asks, and waits for the outcome. The API is a thin form of it, and so is what drives a
 * simulation.
 */
import { parseAddress } from "../core/address.ts";
import type { Env } from "../core/env.ts";
import { Conflict, NotFound, Unreachable } from "../core/errors.ts";
import type { InstanceId, NodeId } from "../core/ids.ts";
import { isLive } from "../membership/view.ts";
import type { ActorSystem } from "../otp/actor-system.ts";
import { NoSuchActor } from "../otp/errors.ts";
import { named } from "../otp/ref.ts";
import type { PlannedDeploy } from "../services/plan.ts";
import type { PlacementRecord } from "../services/records.ts";
import type { ServiceAction } from "../services/service-action.ts";
import { specToJson } from "../services/spec.ts";
import type { Receipt } from "../store/replication.ts";
import type { Catalog } from "./catalog.ts";
import type { Acted, ControllerProtocol, Deployed } from "./controller.ts";
import { type CheckParams, checkDocuments } from "./deploy-checks.ts";
import { planFor } from "./deploy-plan.ts";
import type { LogFollowerProtocol } from "./log-follower.ts";
import { logFollowerName, names } from "./names.ts";
import { type NodeInfo, nodeInfo } from "./node-view.ts";
import { deciderOf, ownerOf } from "./ownership.ts";
import { patientCall } from "./patient-call.ts";
import type { Records } from "./records.ts";
import { joinMsMax } from "./ring-member.ts";
import type { RingMemberProtocol } from "./ring-member-protocol.ts";
import { historyOf, type ServiceChange, watchServices } from "./service-changes.ts";
import { type InstanceInfo, instanceInfo } from "./service-view.ts";

/** Longest wait for a service to come to rest after a wish, before its state is told as it is. */
const settleMsMax = 15_000;
/** How long it is tried to find the controller that decides: longer than the death of a node goes unseen. */
const ownerMsMax = 8_000;
/** Pause before the same controller is asked again. */
const askAgainMs = 250;
/** A wish is answered by a write that may itself take up to 12 s. */
const wishTimeoutMs = 14_000;

export interface OperationsOptions {
  readonly node: NodeId;
  readonly system: ActorSystem;
  readonly catalog: Catalog;
  readonly records: Records;
  readonly checkParams: CheckParams;
  readonly env: Env;
}

export interface Outcome {
  readonly receipt: Receipt;
  /** Undefined: it is gone. */
  readonly instance: InstanceInfo | undefined;
}

export interface DeployOutcome extends Outcome {
  readonly deployed: Deployed;
}

export interface ActOutcome extends Outcome {
  readonly changed: boolean;
}

export class Operations {
  /** For what a user asks of an actor of another node: see patient-call.ts. */
  readonly call: ActorSystem["call"];
  readonly #options: OperationsOptions;

  constructor(options: OperationsOptions) {
    this.#options = options;
    this.call = patientCall(options);
  }

  /** The network as this node sees it, in order of names. */
  nodes(): readonly NodeInfo[] {
    const { members } = this.#options.catalog.view;
    return members.map(nodeInfo).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The name of a node; its id where that is not known any more. */
  nodeName(id: NodeId): string {
    return this.#options.catalog.member(id)?.name ?? id;
  }

  instances(): readonly InstanceInfo[] {
    const { catalog } = this.#options;
    return catalog.groups().map((group) => instanceInfo(catalog, group));
  }

  /** @throws NotFound */
  instance(name: string): InstanceInfo {
    const { catalog } = this.#options;
    const group = catalog.group(name);
    if (group === undefined) throw new NotFound(`there is no service ${name}`);
    return instanceInfo(catalog, group);
  }

  /** The spec as a user could have written it, and whether it is to run. @throws NotFound */
  spec(name: string): { readonly spec: unknown; readonly wanted: "running" | "stopped" } {
    const { catalog } = this.#options;
    const group = catalog.group(name)?.record;
    if (group === undefined) throw new NotFound(`there is no service ${name}`);
    return { spec: specToJson(group.spec), wanted: catalog.runState(group).run };
  }

  /**
   * What users wrote of a service, as far as it is kept: what holds, and what lost a conflict; the latest
   * first. @throws BadRequest, NotFound
   */
  history(name: string): readonly ServiceChange[] {
    const { catalog, records } = this.#options;
    return historyOf(records, name, catalog.group(name)?.record.uid);
  }

  /**
   * The changes of those services, of all where none is named, beginning with what is not in `told`;
   * until `signal`.
   * @throws BadRequest, Unavailable
   */
  watch(
    names: readonly string[],
    told: readonly unknown[],
    signal: AbortSignal,
  ): AsyncIterable<readonly ServiceChange[]> {
    return watchServices(this.#options.records, names, told, signal);
  }

  /** Resolves once the node at `address` is part of the network. @throws BadRequest, Unreachable, Conflict */
  async join(address: string): Promise<void> {
    parseAddress(address);
    await this.#options.system.call<RingMemberProtocol, "join">(
      names.ringMember,
      "join",
      { address },
      { timeoutMs: joinMsMax + 1_000 },
    );
  }

  /** This node says goodbye to its network, and forgets it. Its services run on, as yet. */
  async leave(): Promise<void> {
    await this.#options.system.call<RingMemberProtocol, "leave">(
      names.ringMember,
      "leave",
      undefined,
    );
  }

  /** Every node drops the one of that name or id. @throws NotFound; Conflict while it is live */
  async forget(node: string): Promise<void> {
    await this.#options.system.call<RingMemberProtocol, "forget">(names.ringMember, "forget", {
      node,
    });
  }

  /**
   * Deploys all documents, or none where one cannot be accepted; each answer comes once its service
   * is at rest, or waits for something, or `settleMsMax` have passed.
   * @throws InvalidSpec with every error of every document
   */
  async deploy(documents: readonly unknown[]): Promise<readonly DeployOutcome[]> {
    const { catalog, checkParams } = this.#options;
    const specs = await checkDocuments(documents, catalog, checkParams);
    return Promise.all(
      specs.map(async (spec): Promise<DeployOutcome> => {
        const deployed = await this.#ask(spec.name, "deploy", { document: specToJson(spec) });
        const instance = await this.#settled(spec.name, deployed.generation);
        return { deployed, receipt: deployed.receipt, instance };
      }),
    );
  }

  /** What `deploy` would do with those documents now. @throws as `deploy` does before it writes */
  plan(documents: readonly unknown[]): Promise<readonly PlannedDeploy[]> {
    return planFor(this.#options, documents);
  }

  /** @throws NotFound naming all that are missing, before anything is done */
  async act(action: ServiceAction, wanted: readonly string[]): Promise<readonly ActOutcome[]> {
    const { catalog } = this.#options;
    const missing = wanted.filter((name) => catalog.group(name) === undefined);
    if (missing.length > 0) throw new NotFound(`there is no service ${missing.join(" and none ")}`);
    return Promise.all(
      wanted.map(async (name): Promise<ActOutcome> => {
        const before = catalog.placement(name, 0);
        const { changed, receipt }: Acted = await this.#ask(name, "act", { name, action });
        if (action === "remove") await this.#gone(before);
        const instance = action === "remove" ? undefined : await this.#settled(name);
        return { changed, receipt, instance };
      }),
    );
  }

  /** The output of the instance: its node, and what reads it there. @throws NotFound, Conflict */
  output(name: string): {
    readonly node: NodeInfo;
    readonly instance: InstanceId;
    readonly tail: (lines: number) => Promise<number>;
    readonly read: (
      cursor: number,
      bytesMax: number,
      waitMs: number,
    ) => Promise<LogFollowerProtocol["read"]["reply"]>;
  } {
    const { call } = this;
    const { catalog } = this.#options;
    const { node, instance } = this.instance(name);
    const member = node === null ? undefined : catalog.member(node);
    if (instance === null || member === undefined) {
      throw new Conflict(`${name} has no output yet: it has not been placed`);
    }
    const target = named<LogFollowerProtocol>(member.id, logFollowerName(instance));
    return {
      node: nodeInfo(member),
      instance,
      tail: (lines) => call(target, "tail", { lines }),
      read: (cursor, bytesMax, waitMs) => call(target, "read", { cursor, bytesMax, waitMs }),
    };
  }

  /** Whether an instance is still the one of its service: not removed, and not replaced. */
  isPlaced(instance: InstanceId): boolean {
    return this.#options.catalog.placementOf(instance) !== undefined;
  }

  /**
   * Asks the controller that decides for `name`. One that could not be reached at all was lost a
   * moment ago: the next view names another.
   */
  async #ask<M extends keyof ControllerProtocol & string>(
    name: string,
    method: M,
    request: ControllerProtocol[M]["request"],
  ): Promise<ControllerProtocol[M]["reply"]> {
    const { system, catalog, env } = this.#options;
    const giveUpAt = env.clock.mono() + ownerMsMax;
    for (;;) {
      const owner = deciderOf(catalog.view, name);
      const controller = named<ControllerProtocol>(owner, names.controller);
      try {
        return await system.call(controller, method, request, { timeoutMs: wishTimeoutMs });
      } catch (error) {
        const isUntouched = error instanceof Unreachable || error instanceof NoSuchActor;
        if (!isUntouched || env.clock.mono() > giveUpAt) throw error;
        await this.#until(name, () => ownerOf(catalog.view, name) !== owner, askAgainMs);
      }
    }
  }

  /**
   * The instance once what its node knows is what the users want, and it is in no passing state.
   * @param generation that this node may not have heard of yet
   */
  async #settled(name: string, generation?: number): Promise<InstanceInfo | undefined> {
    const { catalog } = this.#options;
    const look = () => {
      const group = catalog.group(name);
      return group === undefined ? undefined : instanceInfo(catalog, group);
    };
    await this.#until(name, () => {
      const info = look();
      if (generation !== undefined && (info?.generation ?? 0) < generation) return false;
      return info === undefined || info.isSettled;
    });
    return look();
  }

  /** Waits until nothing of an instance is left, where its node lives to see to it. */
  async #gone(placement: PlacementRecord | undefined): Promise<void> {
    if (placement === undefined) return;
    const { catalog } = this.#options;
    await this.#until(placement.service, () => {
      const member = placement.node === null ? undefined : catalog.member(placement.node);
      const isSeenTo = member !== undefined && isLive(member);
      return !isSeenTo || catalog.status(placement.instance) === undefined;
    });
  }

  /**
   * Resolves once `condition` holds, or at the deadline. It is looked at after each change of the view
   * and of what is known of `name`: of many who wait, each looks at its own alone.
   */
  #until(name: string, condition: () => boolean, msMax = settleMsMax): Promise<void> {
    if (condition()) return Promise.resolve();
    const { catalog } = this.#options;
    const { timers } = this.#options.env;
    return new Promise((resolve) => {
      const stop = catalog.watch((change) => {
        const concerns = change.kind === "view" || change.names.has(name);
        if (concerns && condition()) end();
      });
      const deadline = timers.set(msMax, () => end());
      function end(): void {
        stop();
        timers.cancel(deadline);
        resolve();
      }
    });
  }
}
