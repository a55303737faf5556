// Which room may import which, and which room owns which package. test/unit/house/layers.test.ts
// plants violations. A new room needs a design note and a line here.
const rooms = {
  core: [],
  otp: ["core"],
  wire: ["core"],
  storage: ["core"],
  trust: ["core"],
  membership: ["core"],
  ring: ["core"],
  services: ["core", "ring", "trust"],
  keeper: ["core"],
  transport: ["core", "wire", "trust"],
  store: ["core", "ring"],
  providers: ["core", "keeper"],
  actors: ["core", "otp", "wire", "trust", "membership", "ring", "store", "services"],
  supervisors: ["core", "otp", "actors"],
  api: ["core", "services"],
  interface: ["core", "otp", "api", "actors", "services", "trust"],
  client: ["core", "api", "trust"],
  shell: ["core", "api", "client"],
  cli: ["core", "api", "client", "shell", "trust"],
};
const everythingBut = (...out) => Object.keys(rooms).filter((room) => !out.includes(room));
rooms.node = everythingBut("cli", "shell");
rooms.simulator = [...everythingBut("cli", "shell", "interface"), "node"];

// Single files that a room may import of one that it may not: the seams that the actors know by
// their interface, and the composition root that `mob up` starts.
const doors = {
  actors: "^src/(transport/transport|storage/storage|providers/(provider|provider-table))[.]ts$",
  cli: "^src/(node/start|node/spec-schema|membership/chosen-options)[.]ts$",
};

const owners = {
  "@peculiar/asn1-schema": "trust",
  "@peculiar/asn1-x509": "trust",
  "@rgrove/parse-xml": "providers",
  commander: "cli",
  dockerode: "providers",
  execa: "providers|keeper",
  fastify: "interface",
  lmdb: "storage",
  msgpackr: "wire",
  nact: "otp",
  pino: "node",
  "pure-rand": "simulator|node",
  shlex: "providers",
  typebox: "actors|api|interface|membership|providers|services|simulator|store|wire",
  ws: "interface|client",
  yaml: "services",
};

module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      comment: "A cycle makes the order of loading matter, and two files one.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "resolvable",
      comment: "What is imported must be there, and be listed in package.json.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "every-file-has-a-room",
      comment: "The rooms are fixed by design; a new one needs a design note.",
      severity: "error",
      from: { path: "^src/", pathNot: `^src/(${Object.keys(rooms).join("|")})/` },
      to: {},
    },
    {
      name: "bin-is-thin",
      comment: "The entry points call the CLI and nothing else.",
      severity: "error",
      from: { path: "^bin/" },
      to: { path: "^src/", pathNot: "^src/cli/" },
    },
    {
      name: "packages-have-owners",
      comment: "A package that no room owns: give it an owner above.",
      severity: "error",
      from: { path: "^(src|bin)/" },
      to: {
        path: "node_modules/",
        pathNot: `node_modules/(${Object.keys(owners).join("|")}|@types)/`,
      },
    },
    ...Object.entries(rooms).map(([room, below]) => ({
      name: `room-${room}`,
      comment: `May import only: ${below.join(", ") || "nothing"}.`,
      severity: "error",
      from: { path: `^src/${room}/` },
      to: {
        path: "^(src|bin|test|bench|scripts)/",
        pathNot: [`^src/(${[room, ...below].join("|")})/`, ...(room in doors ? [doors[room]] : [])],
      },
    })),
    ...Object.entries(owners).map(([name, owner]) => ({
      name: `${name}-has-one-owner`,
      comment: `Only ${owner.replaceAll("|", ", ")} may import it.`,
      severity: "error",
      from: { path: "^(src|bin)/", pathNot: `^src/(${owner})/` },
      to: { path: `node_modules/${name}/` },
    })),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "types"],
    },
  },
};
