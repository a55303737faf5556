/** Arbitrary specs, for the tests of this folder. */
import fc from "fast-check";

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?$/);
const port = fc.integer({ min: 1, max: 65_535 });
const duration = fc.constantFrom("0s", "1ms", "250ms", "1.5s", "90s", "5m", "1h");
const text = fc
  .string({ unit: "grapheme", maxLength: 20 })
  .filter((value) => !value.includes("\0"));

/** At every depth: `__proto__` is no possible name. */
const param = fc
  .jsonValue({ maxDepth: 3 })
  .filter((value) => !JSON.stringify(value).includes('"__proto__"'));

/** The JSON of a spec that `parseSpec` accepts. */
export const validSpec = fc.record(
  {
    name: label,
    provider: label,
    params: fc.dictionary(
      text.filter((key) => key !== "__proto__"),
      param,
    ),
    requires: fc.uniqueArray(label, { maxLength: 5 }),
    restart: fc.oneof(
      fc.constantFrom("always", "on_error", "none"),
      fc.record(
        {
          policy: fc.constantFrom("always", "on_error", "none"),
          delay: duration,
          factor: fc.double({ min: 1, max: 100, noNaN: true }),
          max: duration,
          intensity: fc.record({
            restarts: fc.integer({ min: 0, max: 1_000 }),
            within: fc.constantFrom("1s", "5m"),
          }),
        },
        { requiredKeys: [] },
      ),
    ),
    placement: fc.record(
      {
        constraints: fc.array(fc.constantFrom("label.zone == eu", "node.name!=box"), {
          maxLength: 3,
        }),
      },
      { requiredKeys: [] },
    ),
    restart_grace: duration,
    priority: fc.integer({ min: 0, max: 100 }),
    rebalance: fc.boolean(),
    heal: fc.constantFrom("longest_running", "keep_original", "keep_replacement", "best_score"),
    env: fc.dictionary(
      fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,10}$/),
      fc.oneof(text, fc.integer(), fc.boolean()),
    ),
    health: fc
      .tuple(
        fc.oneof(
          fc.record({
            http: fc.record({ port, path: fc.constant("/up") }, { requiredKeys: ["port"] }),
          }),
          fc.record({ tcp: fc.record({ port }) }),
          fc.record({
            exec: fc.record({ command: fc.constantFrom("test -e up", ["test", "-e", "a b"]) }),
          }),
        ),
        fc.record(
          {
            interval: fc.constantFrom("100ms", "10s", "1h"),
            timeout: fc.constantFrom("10ms", "3s"),
            retries: fc.integer({ min: 1, max: 100 }),
            start_period: duration,
          },
          { requiredKeys: [] },
        ),
      )
      .map(([check, more]) => ({ ...check, ...more })),
    on_dependency_down: fc.constantFrom("restart", "stop", "ignore"),
    ports: fc.constantFrom({}, { http: 0 }, { http: 0, admin: 8_080 }),
    volumes: fc.constantFrom([], [{ from: "data", at: "/srv/data" }]),
    resources: fc.record(
      {
        memory: fc.constantFrom("6MiB", "256MB", 10_000_000),
        cpu: fc.constantFrom(0.01, 0.123, 0.5, 3),
      },
      { requiredKeys: [] },
    ),
    stop: fc.record(
      { signal: fc.constantFrom("SIGTERM", "SIGINT"), grace: duration },
      { requiredKeys: [] },
    ),
    logs: fc.record(
      {
        max_bytes: fc.oneof(
          fc.constantFrom("10MB", "4KiB"),
          fc.integer({ min: 1_024, max: 10_000 }),
        ),
        files: fc.integer({ min: 1, max: 100 }),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ["name", "provider"] },
);

/** The JSON of a group that `parseGroupSpec` accepts: services that require none, two levels of groups. */
export const validGroup = fc
  .tuple(
    fc.constantFrom("one_for_one", "one_for_all", "rest_for_one"),
    fc.uniqueArray(label, { minLength: 1, maxLength: 4 }),
    fc.uniqueArray(label, { minLength: 1, maxLength: 3 }),
    validSpec,
    fc.option(fc.constant({ restarts: 3, within: "1m" }), { nil: undefined }),
  )
  .map(([strategy, outer, inner, spec, intensity]) => {
    const service = (name: string) => ({ ...spec, name, requires: [] });
    const nested = { name: "nested", strategy, services: inner.map(service) };
    const services = [...outer.filter((name) => name !== "nested").map(service), nested];
    return { name: "shop", strategy, services, ...(intensity && { intensity }) };
  });
