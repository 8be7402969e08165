import { existsSync, writeFileSync } from 'node:fs';

/**
 * Names a step between two durable writes. A no-op in the published build. In the test build
 * `SAMOCODE_CRASH_AT=<name>[@<nth>]` kills the process here with SIGKILL, as a crash would.
 */
export function crashPoint(name: string): void {
  if (!__FAULTS__ || !isTurn('SAMOCODE_CRASH_AT', name)) return;
  // `.ci/run` lists the points that its tests reach.
  if (__REACHED__ !== '') writeFileSync(`${__REACHED__}/crash point=${name}`, '');
  process.kill(process.pid, 'SIGKILL');
}

/** Names the file that a crash creates first. While the file exists, no further crash happens. */
const ONCE = 'SAMOCODE_CRASHED_FILE';

/**
 * Names a write. In the test build `SAMOCODE_FAIL_AT=<name>[@<first>[-<last>]]:<CODE>` makes it fail with that system
 * error, as a full (ENOSPC) or failing disk (EIO) would; `*` matches every name, and further `,<first>[-<last>]:<CODE>`
 * parts make later writes fail. With `SAMOCODE_FAIL_WHILE=<path>` it fails only while that file exists.
 * @throws the requested error
 */
export function failPoint(name: string): void {
  if (!__FAULTS__) return;
  const { SAMOCODE_FAIL_AT: asked, SAMOCODE_FAIL_WHILE: marker } = process.env;
  if (!asked || (marker && !existsSync(marker))) return;
  const code = codeOfTurn(asked, name);
  if (code === undefined) return;
  throw Object.assign(new Error(`${code}: made to fail at ${name}`), { code });
}

/**
 * Names a write that a crash can tear. In the test build `SAMOCODE_TEAR_AT=<name>[@<nth>]` returns how many of `length`
 * bytes are written before the process dies; otherwise undefined.
 */
export function tearPoint(name: string, length: number): number | undefined {
  return __FAULTS__ && isTurn('SAMOCODE_TEAR_AT', name) ? Math.floor(length / 2) : undefined;
}

const passes = new Map<string, number>();

function isTurn(variable: string, name: string): boolean {
  const asked = process.env[variable];
  if (!asked) return false;
  const [wanted, nth = '1'] = asked.split('@');
  if (wanted !== name || countPass(`${variable} ${name}`) !== Number(nth)) return false;
  const once = process.env[ONCE];
  if (once === undefined) return true;
  if (existsSync(once)) return false;
  writeFileSync(once, name);
  return true;
}

function codeOfTurn(asked: string, name: string): string | undefined {
  const [, wanted = '', turns = ''] = /^([^@:]+)@?(.*)$/.exec(asked) ?? [];
  if (wanted !== '*' && wanted !== name) return undefined;
  const pass = countPass(`fail ${wanted}`);
  for (const turn of turns.split(',')) {
    const [range = '', code = 'EIO'] = turn.split(':');
    const [first = 1, last = range === '' ? Number.POSITIVE_INFINITY : first] = range
      .split('-')
      .filter(Boolean)
      .map(Number);
    if (pass >= first && pass <= last) return code;
  }
  return undefined;
}

function countPass(key: string): number {
  const pass = (passes.get(key) ?? 0) + 1;
  passes.set(key, pass);
  return pass;
}
