// Stands in for Claude Code: hands each prompt over as files, and waits for whoever plays the agent. Arguments: the folder
// of the play, then those of the CLI. For each agent it makes NNN/ with prompt.md and arguments.json (cwd, args); the
// player works in cwd and the session, and ends the agent by writing its last message into NNN/end.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const VERSION = '2.1.332';
const [folder = '.', ...args] = process.argv.slice(2);

if (args.includes('--version')) {
  console.log(`${VERSION} (Claude Code)`);
} else if (args[0] === 'auth') {
  console.log('{"loggedIn":true}');
} else {
  mkdirSync(folder, { recursive: true });
  const number = readdirSync(folder).filter((name) => /^\d{3}$/.test(name)).length + 1;
  const place = join(folder, String(number).padStart(3, '0'));
  mkdirSync(place);
  const tools = (
    args.find((each) => each.startsWith('--tools='))?.slice(8) ??
    args[args.indexOf('--tools') + 1] ??
    ''
  ).split(',');
  const session_id = `play-${number}`;
  print({
    type: 'system',
    subtype: 'init',
    session_id,
    claude_code_version: VERSION,
    model: 'a player',
    tools,
  });
  writeFileSync(join(place, 'arguments.json'), `${JSON.stringify({ cwd: process.cwd(), args }, null, 2)}\n`);
  writeFileSync(join(place, 'prompt.md'), readFileSync(0));
  while (!existsSync(join(place, 'end'))) await sleep(200);
  const result = readFileSync(join(place, 'end'), 'utf8').trim();
  print({
    type: 'result',
    subtype: 'success',
    is_error: false,
    session_id,
    num_turns: 1,
    result,
    total_cost_usd: 0,
  });
}

function print(line) {
  console.log(JSON.stringify(line));
}
