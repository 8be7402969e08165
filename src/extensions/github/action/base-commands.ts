import type { TrustedCommands } from '../../../core/acts/proof/repeat-claims.ts';
import { runGit } from '../../../core/project/git/git.ts';
import { readSettings } from '../../../core/project/settings/read-settings.ts';
import { problemsIn } from '../../../core/project/settings/resolve-settings.ts';
import { EVENT_ERRORS } from './event-errors.ts';
import { BASE_REF, repositoryFolder } from './fetch-work.ts';
import type { Runner } from './runner.ts';

export interface BaseCommands extends TrustedCommands {
  timeoutMs: number;
}

/** Returns the commands to run: the workflow's own, otherwise those in the `.samocode` that the base branch tracks. */
export async function baseCommands(baseBranch: string, runner: Runner): Promise<BaseCommands> {
  const { env } = runner;
  const options = { baseEnv: env, cwd: repositoryFolder(runner), allowFailure: true };
  const { exitCode, stdout } = await runGit(['show', `${BASE_REF}${baseBranch}:.samocode`], options);
  const text = exitCode === 0 ? stdout : '';
  // The environment and home folder of the job must not supply project settings.
  const { readings } = readSettings({ projectFile: { path: '/.samocode', text }, env: {}, homeDir: '/' });
  const used = readings.filter(({ name }) => ['setup', 'checks', 'checkTimeoutSeconds'].includes(name));
  const [problem] = problemsIn({ readings: used, warnings: [] });
  if (problem !== undefined) throw problem;
  const valuesOf = (wanted: string) =>
    used.flatMap(({ name, value }) => (name === wanted && value ? [String(value)] : []));
  const ofWorkflow = (env.SAMOCODE_CHECKS ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  const checks = ofWorkflow.length > 0 ? ofWorkflow : valuesOf('checks');
  if (checks.length === 0) throw EVENT_ERRORS.no_base_checks({ branch: baseBranch });
  const setup = env.SAMOCODE_SETUP?.trim() || valuesOf('setup')[0];
  return { setup, checks, timeoutMs: Number(valuesOf('checkTimeoutSeconds')[0]) * 1000 };
}
