/** `mob` alone, or with nothing but options, starts a node, as the original did: it means `mob up`. */
const withValue = new Set(["-p", "--port", "--node", "--token-file"]);
const common = /^(-p.+|--port=.*|--node=.*|--token-file=.*|--json)$/;
const program = new Set(["-h", "--help", "-V", "--version"]);

export function withDefaultCommand(args: readonly string[]): string[] {
  return startsNode(args) ? ["up", ...args] : [...args];
}

/** No command stands where one could: before any option that `up` alone has. */
function startsNode(args: readonly string[]): boolean {
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? "";
    if (withValue.has(arg)) i++;
    else if (!common.test(arg)) return arg.startsWith("-") && !program.has(arg);
  }
  return true;
}
