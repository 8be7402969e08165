import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ci } from '../../support/ci.ts';
import type { ToolUse } from '../../support/model-stub/conversation.ts';
import { type GrantedPlaces, runGranted } from './granted-child.ts';

const bash = (command: string): ToolUse => ({ name: 'Bash', input: { command, description: 'as scripted' } });
const write = (path: string): ToolUse => ({ name: 'Write', input: { file_path: path, content: '{}\n' } });
const edit = (path: string): ToolUse => ({
  name: 'Edit',
  input: { file_path: path, old_string: 'a = 1', new_string: 'a = 2' },
});
const read = (path: string): ToolUse => ({ name: 'Read', input: { file_path: path } });

const reading = ({ worktree }: GrantedPlaces) => [
  read(join(worktree, 'src/a.ts')),
  bash('git status --short && git log -S a --oneline | head -5'),
  bash('ls -la src && cat src/a.ts'),
  bash("grep -rn 'a = 1' src"),
  bash("find . -name '*.ts'"),
];
const documents = ({ sessionDir }: GrantedPlaces) => [
  write(join(sessionDir, '01-08-1000-dive-work.md')),
  // Read first: tools refuse to overwrite files that they have not read.
  read(join(sessionDir, '_signal.json')),
  write(join(sessionDir, '_signal.json')),
];
const changes = ({ worktree, sessionDir }: GrantedPlaces) => [
  edit(join(worktree, 'src/a.ts')),
  write(join(worktree, 'new.ts')),
  write(join(sessionDir, '../../trees/work/roundabout.ts')),
  bash(`echo hi > '${worktree}/redirected.txt'`),
  bash('touch touched.txt'),
  bash('git log -1; touch behind.txt'),
  bash('git log --output=by-option.txt -1'),
  bash("find . -name '*.ts' -delete"),
  bash('git commit --quiet --allow-empty -m Commit'),
];

const failures = (results: readonly { failed: boolean }[]) => results.map(({ failed }) => failed);

test.concurrent.each(['claude', 'codex', 'gemini'] as const)(
  'in investigation the real %s reads and writes documents, and changes no code',
  ci,
  async (cli) => {
    const steps = [reading, documents, changes];
    await using child = await runGranted(cli, 'investigation', (places) =>
      steps.flatMap((each) => each(places)),
    );
    const wanted = child.calls.map((_, at) => at >= child.calls.length - changes(child).length);
    expect(failures(child.results)).toEqual(wanted);
    expect(child.changed).toBe('');
    expect(child.subject).toBe('First commit');
    expect(await readFile(join(child.sessionDir, '_signal.json'), 'utf8')).toBe('{}\n');
  },
);

test.concurrent.each(['claude', 'codex', 'gemini'] as const)(
  'in implementation the real %s changes code',
  async (cli) => {
    await using child = await runGranted(cli, 'implementation', ({ worktree, sessionDir }) => [
      read(join(worktree, 'src/a.ts')),
      edit(join(worktree, 'src/a.ts')),
      write(join(worktree, 'new.ts')),
      bash('touch touched.txt && git add src && git commit --quiet -m Built'),
      write(join(sessionDir, '01-08-1000-do-work.md')),
    ]);
    expect(failures(child.results)).toEqual(child.calls.map(() => false));
    expect(child.changed.split('\n').sort()).toEqual(['?? new.ts', '?? touched.txt']);
    expect(child.subject).toBe('Built');
  },
);

/** What they ask for is answered by our list: what it does not know is refused. */
test.concurrent.each(['opencode', 'copilot'] as const)(
  'in investigation the real %s asks before it acts, goes on after refusals, and changes no code',
  async (cli) => {
    await using child = await runGranted(cli, 'investigation', ({ worktree, sessionDir }) => [
      read(join(worktree, 'src/a.ts')),
      bash('git status --short && git log -S a --oneline | head -5'),
      edit(join(worktree, 'src/a.ts')),
      bash('touch touched.txt'),
      write(join(sessionDir, '01-08-1000-dive-work.md')),
      bash('git log --output=by-option.txt -1'),
      write(join(worktree, 'new.ts')),
    ]);
    expect(failures(child.results)).toEqual([false, false, true, true, false, true, true]);
    expect(child.changed).toBe('');
    expect(await readFile(join(child.sessionDir, '01-08-1000-dive-work.md'), 'utf8')).toBe('{}\n');
  },
);
