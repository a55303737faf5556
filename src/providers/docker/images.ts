/** Sees to it that the engine has the image that a container is to be made from. */
import Type from "typebox";
import { Compile } from "typebox/compile";
import { messageOf, Unavailable } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { Engine } from "./engine.ts";
import type { ContainerParams } from "./params.ts";
import { PullProgress } from "./pull-progress.ts";
import { loginFor } from "./registry-logins.ts";

const isFailure = Compile(Type.Object({ error: Type.String() }));

export interface ImagesOptions {
  readonly engine: Engine;
  /** Registry logins, as Docker's config.json has them; undefined: none. */
  readonly loginsFile: string | undefined;
  readonly log: Log;
}

type Told = (progress: string) => void;

export class Images {
  readonly #options: ImagesOptions;
  /** By image: what several instances wait for is pulled once. */
  readonly #pulls = new Map<string, Promise<void>>();

  constructor(options: ImagesOptions) {
    this.#options = options;
  }

  /**
   * @param told of a pull's progress, now and then
   * @throws Unavailable naming the parameter, when the image cannot be had
   */
  async provide({ image, pull }: ContainerParams, told: Told): Promise<void> {
    if (pull !== "always" && (await this.#options.engine.hasImage(image))) return;
    if (pull === "never") {
      throw new Unavailable(`params.image: ${image} is not on this node, and pull is never`);
    }
    const pulling = this.#pulls.get(image) ?? this.#begin(image, told);
    await pulling;
  }

  #begin(image: string, told: Told): Promise<void> {
    const pulling = this.#pull(image, told).finally(() => this.#pulls.delete(image));
    this.#pulls.set(image, pulling);
    return pulling;
  }

  async #pull(image: string, told: Told): Promise<void> {
    const { engine, loginsFile, log } = this.#options;
    log.info("pulling an image", { image });
    const progress = new PullProgress();
    try {
      const login = loginsFile === undefined ? undefined : await loginFor(image, loginsFile);
      for await (const line of await engine.pull(image, login)) {
        if (isFailure.Check(line)) throw new Unavailable(line.error);
        const text = progress.take(line);
        if (text !== undefined) told(`pulling ${image}: ${text}`);
      }
    } catch (error) {
      throw new Unavailable(`params.image: ${image} cannot be pulled: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
}
