/** What the rehearsal child takes from a command line written for `claude`. */
export interface ChildArguments {
  /** Undefined: it comes on stdin. */
  prompt: string | undefined;
  childUuid: string | undefined;
  wantsVersion: boolean;
}

const SWITCHES = new Set([
  '-p',
  '--print',
  '-v',
  '--version',
  '--verbose',
  '--dangerously-skip-permissions',
  '--strict-mcp-config',
  '--include-partial-messages',
  '--no-session-persistence',
]);

/** Reads arguments as `claude -p` would; flags it does not know are skipped with their values. */
export function readArguments(argv: readonly string[]): ChildArguments {
  const words: string[] = [];
  let childUuid: string | undefined;
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? '';
    if (word === '--') {
      words.push(...argv.slice(at + 1));
      break;
    }
    if (!word.startsWith('-') || word === '-') {
      words.push(word);
      continue;
    }
    if (SWITCHES.has(word) || word.includes('=')) continue;
    const value = argv[at + 1];
    if (value === undefined || value.startsWith('-')) continue;
    if (word === '--session-id') childUuid = value;
    at++;
  }
  const prompt = words.find((word) => word.trim() !== '' && word !== '-');
  return { prompt, childUuid, wantsVersion: argv.includes('--version') || argv.includes('-v') };
}
