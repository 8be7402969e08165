import { runCommand } from '../base/run-command.ts';
import type { Scene } from './scene.ts';

/** A program with its arguments, run in the worktree without a shell. */
export interface Check {
  file: string;
  args: readonly string[];
}

export interface CheckRun {
  passed: boolean;
  /** Both streams, the end of them. */
  output: string;
  /** Why it could not run at all. */
  notRun?: string;
}

const CHECK_TIME_MS = 10 * 60_000;
const KEPT_CHARACTERS = 4000;

export function shown(check: Check): string {
  return [check.file, ...check.args]
    .map((word) => (/^[\w./=@:-]+$/.test(word) ? word : `'${word}'`))
    .join(' ');
}

/** Runs a check as a tool call of the stage; failing is an outcome, not an error. */
export async function runCheck(scene: Scene, check: Check): Promise<CheckRun> {
  return scene.stage.use('Bash', { command: shown(check) }, async () => {
    // The very Node that plays the rehearsal: a PATH of a parent client may have none.
    const file = check.file === 'node' ? process.execPath : check.file;
    const run = await runCommand(file, check.args, { cwd: scene.workingDir, timeoutMs: CHECK_TIME_MS });
    const output = `${run.stdout}${run.stderr}`.trim().slice(-KEPT_CHARACTERS);
    const notRun = run.notFound
      ? `${check.file} is not installed`
      : run.timedOut
        ? 'it took over 10 minutes'
        : undefined;
    const passed = run.exitCode === 0;
    const value: CheckRun = { passed, output, notRun };
    return { value, text: output || notRun || '(no output)', failed: !passed };
  });
}

/** Runs git in the worktree. @returns its standard output, trimmed; undefined when it failed */
export async function git(
  scene: Pick<Scene, 'workingDir'>,
  args: readonly string[],
): Promise<string | undefined> {
  const run = await runCommand('git', args, { cwd: scene.workingDir });
  return run.exitCode === 0 ? run.stdout.trim() : undefined;
}

/**
 * Commits `paths` as a tool call of the stage.
 * @returns the new commit's short name; undefined when there was nothing to commit
 */
export async function commit(
  scene: Scene,
  paths: readonly string[],
  subject: string,
): Promise<string | undefined> {
  const command = `git add -- ${paths.join(' ')} && git commit -m '${subject}'`;
  return scene.stage.use('Bash', { command }, async () => {
    await git(scene, ['add', '--', ...paths]);
    const staged = await git(scene, ['diff', '--cached', '--name-only', '--', ...paths]);
    if (!staged) return { value: undefined, text: 'Nothing to commit.' };
    const run = await runCommand('git', ['commit', '--quiet', '-m', subject, '--', ...paths], {
      cwd: scene.workingDir,
    });
    if (run.exitCode !== 0) throw new Error(`git commit failed: ${run.stderr.trim()}`);
    const name = await git(scene, ['rev-parse', '--short', 'HEAD']);
    return { value: name, text: `[${name}] ${subject}` };
  });
}
