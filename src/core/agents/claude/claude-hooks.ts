import { dirname, join } from 'node:path';
import { PHASES } from '../../kernel/phases/table.ts';
import { shellQuoted } from '../../kernel/shell-quoted.ts';
import type { AgentRequest } from '../contract/provider.ts';

/** Hooks run with our Node, because an agent's PATH might have none. */
type HookFacts = Pick<AgentRequest, 'sessionDir' | 'workingDir' | 'mainRepo' | 'phase' | 'nodePath'>;

/**
 * Claude Code's `hooks` setting for an agent. Stop: sends the agent back once if it would end with a signal
 * that is not acceptable. PreToolUse: keeps writing tools out of the main checkout and of other sessions;
 * shells are not checked here.
 */
export function childHooks(facts: HookFacts) {
  return {
    Stop: [{ hooks: [hook(facts, CHECK_SIGNAL, signalRules(facts))] }],
    PreToolUse: [{ matcher: WRITERS, hooks: [hook(facts, GUARD_WRITES, writeRules(facts))] }],
  };
}

const WRITERS = 'Edit|MultiEdit|NotebookEdit|Write';

function signalRules({ sessionDir, phase }: HookFacts) {
  const { signals, next } = PHASES[phase];
  return { path: join(sessionDir, '_signal.json'), phase, signals, phases: [...next, phase] };
}

function writeRules({ sessionDir, workingDir, mainRepo }: HookFacts) {
  // The folder of all sessions also contains the machine's records.
  return { open: [workingDir, sessionDir], closed: [mainRepo, dirname(sessionDir)] };
}

function hook({ nodePath }: HookFacts, script: string, rules: object) {
  const command = [nodePath, '-e', script, JSON.stringify(rules)].map(shellQuoted).join(' ');
  return { type: 'command', command, timeout: 10 };
}

// Exit status 2 passes stderr to the model: why to continue, or why a call was refused.
const CHECK_SIGNAL = `
const fs = require('fs');
const rules = JSON.parse(process.argv[1]);
const ask = JSON.parse(fs.readFileSync(0, 'utf8') || '{}');
if (ask.stop_hook_active) process.exit(0);
let problem;
try {
  const text = fs.readFileSync(rules.path, 'utf8').trim();
  if (/^(?:\\{\\s*\\})?$/.test(text)) problem = 'is not written yet';
  else {
    const signal = JSON.parse(text);
    const status = String(signal.status).toLowerCase();
    const phase = typeof signal.phase === 'string' ? signal.phase.toLowerCase() : undefined;
    if (!rules.signals.includes(status)) problem = 'has a status that is not one of ' + rules.signals.join(', ');
    else if (status === 'continue' && phase !== undefined && !rules.phases.includes(phase))
      problem = 'names a phase that ' + rules.phase + ' may not go to; it may be ' + rules.phases.join(', ');
  }
} catch (error) {
  problem = error.code === 'ENOENT' ? 'is not written yet' : 'is not valid JSON';
}
if (problem === undefined) process.exit(0);
process.stderr.write('Before you end: ' + rules.path + ' ' + problem + '. Write it now, as your instructions say.\\n');
process.exit(2);
`;

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
