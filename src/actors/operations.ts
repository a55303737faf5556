/**
 * What can be asked of the network through any node: finds out who decides or holds what is asked
 * for, asks, and waits for the outcome. The API is a thin form of it, and so is what drives a
 * simulation.
 */
import { parseAddress } from "../core/address.ts";
import type { Env } from "../core/env.ts";
import { Conflict, NotFound } from "../core/errors.ts";
import { asServiceName, type InstanceId, type NodeId } from "../core/ids.ts";
import type { ActorSystem } from "../otp/actor-system.ts";
import { Bookings } from "../services/bookings.ts";
import { groupSpecToJson } from "../services/group-spec.ts";
import { parseInstances } from "../services/instances.ts";
import type { PlannedDeploy } from "../services/plan.ts";
import type { ServiceAction } from "../services/service-action.ts";
import { groupOf } from "../services/service-name.ts";
import type { Catalog } from "./catalog.ts";
import { askDecider } from "./decider.ts";
import { type CheckParams, checkDocuments } from "./deploy-checks.ts";
import { planFor } from "./deploy-plan.ts";
import { type DrainOutcome, drain, endDrain, undrain, vacate } from "./drains.ts";
import { joinMsMax } from "./joins.ts";
import { names } from "./names.ts";
import { type NodeUse, nodeInfo } from "./node-view.ts";
import { type ActOutcome, actOutcome, type DeployOutcome, deployOutcome } from "./outcomes.ts";
import { type Output, outputsOf } from "./outputs.ts";
import { patientCall } from "./patient-call.ts";
import { type PausedInstance, setPaused } from "./pausing.ts";
import { untilCaughtUp } from "./readiness.ts";
import type { Records } from "./records.ts";
import { bookingsIn } from "./reservations.ts";
import type { RingMemberProtocol } from "./ring-member-protocol.ts";
import {
  historyOf,
  type Remembered,
  type ServiceChange,
  watchServices,
} from "./service-changes.ts";
import { serviceNamed } from "./service-named.ts";
import { type InstanceInfo, instanceInfos, type ServiceInfo, serviceInfo } from "./service-view.ts";
import { type RemovedVolume, removeVolume } from "./volume-removal.ts";
import { type VolumeInfo, volumeInfos } from "./volume-view.ts";
import { untilChanged } from "./waiting.ts";

export interface OperationsOptions {
  readonly node: NodeId;
  readonly system: ActorSystem;
  readonly catalog: Catalog;
  readonly records: Records;
  readonly checkParams: CheckParams;
  readonly env: Env;
}

export class Operations {
  /** For what a user asks of an actor of another node: see patient-call.ts. */
  readonly call: ActorSystem["call"];
  readonly #options: OperationsOptions;
  #catchingUp: Promise<void> | undefined;

  constructor(options: OperationsOptions) {
    this.#options = options;
    this.call = patientCall(options);
  }

  /** To be awaited before anything is looked up for users: a node that has just started may hold what is long over. */
  caughtUp(): Promise<void> {
    this.#catchingUp ??= untilCaughtUp(this.#options.system);
    return this.#catchingUp;
  }

  /** @throws NotFound */
  drain(node: string): Promise<DrainOutcome> {
    return drain(this.#options, node);
  }

  /** @throws NotFound */
  undrain(node: string): Promise<void> {
    return undrain(this.#options, node);
  }

  /** The network as this node sees it, in order of names. */
  nodes(): readonly NodeUse[] {
    const { catalog } = this.#options;
    const bookings = new Bookings(bookingsIn(catalog));
    return catalog.view.members
      .map((member) => ({ ...nodeInfo(member, catalog), reserved: bookings.on(member.id) }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** This one's id. */
  get node(): NodeId {
    return this.#options.node;
  }

  /** The name of a node, of one that was forgotten too; its id where it is not known. */
  nodeName(id: NodeId): string {
    return this.#options.catalog.nodeName(id);
  }

  /** Every volume, in order of names. */
  volumes(): readonly VolumeInfo[] {
    return volumeInfos(this.#options.catalog);
  }

  /** Deletes a volume with its data. @throws NotFound, Conflict while a service uses it, Unavailable */
  removeVolume(name: string): Promise<RemovedVolume> {
    return removeVolume(this.#options, name);
  }

  instances(): readonly InstanceInfo[] {
    const { catalog } = this.#options;
    return catalog.services().flatMap((service) => instanceInfos(catalog, service));
  }

  /** Whether a service or a group is deployed under that full name. */
  has(name: string): boolean {
    return this.#options.catalog.servicesUnder(name).length > 0;
  }

  /** Those of one service, in order of slots. @throws NotFound; BadRequest for a group, naming its services */
  instancesOf(name: string): readonly InstanceInfo[] {
    const { catalog } = this.#options;
    return instanceInfos(catalog, serviceNamed(catalog, name));
  }

  /** What is deployed under a name, of a service or of a group, and what became of it. @throws NotFound */
  service(name: string): ServiceInfo {
    return serviceInfo(this.#options.catalog, name);
  }

  /**
   * What users wrote of a service, as far as it is kept: what holds, the version before, and what lost a
   * conflict; the latest first. @throws BadRequest, NotFound
   */
  history(name: string): readonly Remembered[] {
    const { catalog, records } = this.#options;
    const group = catalog.group(groupOf(asServiceName(name)));
    return historyOf(records, name, group?.record.uid);
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

  /**
   * This node says goodbye to its network, and forgets it, once others have what it ran; `now`: at once, and
   * what it runs runs on here.
   * @throws Conflict where something cannot be moved
   */
  async leave(now: boolean): Promise<void> {
    if (!now) {
      await vacate(this.#options);
      await endDrain(this.#options, this.#options.system.node); // For when it comes back.
    }
    await this.#options.system.call<RingMemberProtocol, "leave">(
      names.ringMember,
      "leave",
      undefined,
    );
  }

  /** Every node drops the one of that name or id. @throws NotFound; Conflict while it is live */
  async forget(node: string): Promise<void> {
    const id = await this.#options.system.call<RingMemberProtocol, "forget">(
      names.ringMember,
      "forget",
      { node },
    );
    await endDrain(this.#options, id);
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
      specs.map((spec) =>
        deployOutcome(
          this.#options,
          spec.name,
          askDecider(this.#options, spec.name, "deploy", { document: groupSpecToJson(spec) }),
        ),
      ),
    );
  }

  /** As a deploy of what is deployed, with another number of instances. @throws InvalidSpec, and as `instancesOf` */
  scale(name: string, instances: unknown): Promise<DeployOutcome> {
    const wanted = parseInstances(instances);
    serviceNamed(this.#options.catalog, name);
    return deployOutcome(
      this.#options,
      name,
      askDecider(this.#options, name, "scale", { name, instances: wanted }),
    );
  }

  /** As a deploy of the version before the present one. @throws NotFound, Conflict where there is none */
  rollback(name: string): Promise<DeployOutcome> {
    this.#needWhole([name]);
    return deployOutcome(
      this.#options,
      name,
      askDecider(this.#options, name, "rollback", { name }),
    );
  }

  /** What `deploy` would do with those documents now. @throws as `deploy` does before it writes */
  plan(documents: readonly unknown[]): Promise<readonly PlannedDeploy[]> {
    return planFor(this.#options, documents);
  }

  /** @throws NotFound naming all that are missing, and Conflict for a part of a group, before anything is done */
  async act(action: ServiceAction, wanted: readonly string[]): Promise<readonly ActOutcome[]> {
    this.#needWhole(wanted);
    return Promise.all(wanted.map((name) => actOutcome(this.#options, name, action)));
  }

  /** Has instances stand still, or go on: of services, groups and slots. @throws as the function of that name */
  setPaused(wanted: readonly string[], isPaused: boolean): Promise<readonly PausedInstance[]> {
    return setPaused({ ...this.#options, call: this.call }, wanted, isPaused);
  }

  /** The outputs of the instances that are placed, in order of slots. @throws NotFound */
  outputs(name: string): readonly Output[] {
    return outputsOf(this.call, this.#options.catalog, this.service(name).instances);
  }

  /** Resolves once something else is known of a service, a group or the view, or `signal` is aborted. */
  untilChanged(name: string, signal: AbortSignal): Promise<void> {
    return untilChanged(this.#options.catalog, name, signal);
  }

  /** A group is stored, started, stopped and removed as one. @throws NotFound, Conflict */
  #needWhole(wanted: readonly string[]): void {
    const { catalog } = this.#options;
    const missing = wanted.filter((name) => catalog.servicesUnder(name).length === 0);
    if (missing.length > 0) throw new NotFound(`there is no service ${missing.join(" and none ")}`);
    for (const name of wanted) {
      const group = groupOf(asServiceName(name));
      if (group !== name) throw new Conflict(`${name} is a part of ${group}, which goes as one`);
    }
  }

  /** Whether an instance is still the one of its service: not removed, and not replaced. */
  isPlaced(instance: InstanceId): boolean {
    return this.#options.catalog.placementOf(instance) !== undefined;
  }
}
