import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { shellQuoted } from '../src/core/kernel/shell-quoted.ts';
import { PLAY_TASKS } from './play/tasks.ts';

// `npm run play -- TASK FOLDER [--from REPOSITORY]`: prepares a task for a session whose agents are played by whoever reads
// their prompts (scripts/play/agent.mjs), a person or a model in another program. Without a task, lists them.
// docs/decisions/prompts.md: what was seen so.

const { positionals, values } = parseArgs({ allowPositionals: true, options: { from: { type: 'string' } } });
const [name = '', given = ''] = positionals;
const task = PLAY_TASKS[name];
if (task === undefined || given === '') {
  const all = Object.entries(PLAY_TASKS).map(([key, { task: words }]) => `${key}: ${words}`);
  process.stdout.write(`npm run play -- TASK FOLDER [--from REPOSITORY]\n\n${all.join('\n')}\n`);
} else {
  prepare(task, resolve(given));
}

function prepare(
  { repository, commit, fix, options, task: words, plan }: (typeof PLAY_TASKS)[string],
  folder: string,
): void {
  const repo = join(folder, 'repo');
  mkdirSync(folder, { recursive: true });
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: repo, stdio: ['ignore', 'ignore', 'inherit'] });
  execFileSync('git', ['clone', '--quiet', '--no-checkout', values.from ?? repository, repo], {
    stdio: 'inherit',
  });
  git('checkout', '--quiet', commit);
  // One commit: neither the fix nor its history may be looked up.
  rmSync(join(repo, '.git'), { recursive: true });
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all');
  git('-c', 'user.name=Play', '-c', 'user.email=play@localhost', 'commit', '--quiet', '-m', 'As it was');
  const agent = join(folder, 'claude');
  const program = fileURLToPath(new URL('play/agent.mjs', import.meta.url));
  const quoted = [process.execPath, program, join(folder, 'agents')].map(shellQuoted);
  writeFileSync(agent, `#!/bin/sh\nexec ${quoted.join(' ')} "$@"\n`, { mode: 0o755 });
  const start = plan === undefined ? ['--task', JSON.stringify(words)] : ['--plan', join(folder, 'plan.md')];
  if (plan !== undefined) writeFileSync(join(folder, 'plan.md'), plan);
  process.stdout.write(
    `The repository is ${repo}. There:

  samocode init --set SANDBOX=off SETUP='npm install'
  CLAUDE_PATH=${shellQuoted(agent)} samocode start ${[...options, ...start].join(' ')}

Each agent waits in ${join(folder, 'agents')}/NNN: read prompt.md, work in the folder of arguments.json, and end it by
writing its last message into NNN/end. Once the session is done, its branch must pass the tests of ${fix}.
`,
  );
}
