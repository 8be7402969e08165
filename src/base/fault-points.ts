/**
 * Names a step between two durable acts. In the published build this is nothing; in the test build
 * `SAMOCODE_CRASH_AT=<name>[@<nth>]` makes the process die here with SIGKILL, as a crash would.
 */
export function crashPoint(name: string): void {
  if (__FAULTS__) dieIfAsked(name);
}

const passes = new Map<string, number>();

function dieIfAsked(name: string): void {
  const asked = process.env.SAMOCODE_CRASH_AT;
  if (!asked) return;
  const [wanted, nth = '1'] = asked.split('@');
  if (wanted !== name) return;
  const pass = (passes.get(name) ?? 0) + 1;
  passes.set(name, pass);
  if (pass === Number(nth)) process.kill(process.pid, 'SIGKILL');
}
