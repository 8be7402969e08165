import { dirname } from 'node:path';
import { shellQuoted } from '../../kernel/shell-quoted.ts';
import { type AgentRequest, HOOK_TIMEOUT } from '../contract/provider.ts';

/** Hooks run with our Node, because an agent's PATH might have none. */
type HookFacts = Pick<AgentRequest, 'sessionDir' | 'workingDir' | 'mainRepo' | 'nodePath' | 'atEnd'>;

/**
 * Claude Code's `hooks` setting for an agent. Stop: sends the agent back if the form of what it wrote would be
 * refused. PreToolUse: keeps writing tools out of the main checkout and of other sessions;
 * shells are not checked here.
 */
export function childHooks(facts: HookFacts) {
  return {
    Stop: [{ hooks: [command(facts.atEnd, HOOK_TIMEOUT)] }],
    PreToolUse: [{ matcher: WRITERS, hooks: [hook(facts, GUARD_WRITES, writeRules(facts))] }],
  };
}

const WRITERS = 'Edit|MultiEdit|NotebookEdit|Write';

function writeRules({ sessionDir, workingDir, mainRepo }: HookFacts) {
  // The folder of all sessions also contains the machine's records.
  return { open: [workingDir, sessionDir], closed: [mainRepo, dirname(sessionDir)] };
}

function hook({ nodePath }: HookFacts, script: string, rules: object) {
  return command([nodePath, '-e', script, JSON.stringify(rules)]);
}

function command(words: readonly string[], timeout = 10) {
  return { type: 'command', command: words.map(shellQuoted).join(' '), timeout };
}

// Exit status 2 passes stderr to the model: why a call was refused.
// The innermost folder decides: worktrees and sessions can be inside the main checkout.
const GUARD_WRITES = `
const fs = require('fs'), path = require('path');
const rules = JSON.parse(process.argv[1]);
const ask = JSON.parse(fs.readFileSync(0, 'utf8') || '{}');
const input = ask.tool_input || {};
const named = input.file_path || input.notebook_path;
if (typeof named !== 'string') process.exit(0);
const real = (place) => {
  try { return fs.realpathSync(place); } catch { /* not there yet */ }
  const above = path.dirname(place);
  return above === place ? place : path.join(real(above), path.basename(place));
};
const target = real(path.resolve(ask.cwd || process.cwd(), named));
const holds = (folder) => target === folder || target.startsWith(folder + path.sep);
const longest = (folders) => Math.max(-1, ...folders.map(real).filter(holds).map((folder) => folder.length));
if (longest(rules.closed) <= longest(rules.open)) process.exit(0);
process.stderr.write(target + ' is not yours to write: work in ' + rules.open.join(' and ') + '.\\n');
process.exit(2);
`;
