import { appendFileSync } from 'node:fs';
import { definedOnly } from '../../../core/kernel/defined-only.ts';

/** The runner of GitHub Actions, accessed through its documented variables and files. */
export interface Runner {
  env: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
  /** Writes one line to the job's log. */
  log(line: string): void;
}

export function addSummary({ env }: Runner, markdown: string): void {
  if (env.GITHUB_STEP_SUMMARY) appendFileSync(env.GITHUB_STEP_SUMMARY, `${markdown}\n`);
}

/** @param values single lines, none of which contains text from outside */
export function setOutputs({ env }: Runner, values: Readonly<Record<string, string>>): void {
  const lines = Object.entries(values).map(([name, value]) => `${name}=${value}\n`);
  if (env.GITHUB_OUTPUT) appendFileSync(env.GITHUB_OUTPUT, lines.join(''));
}

/** The runner's own variables: tokens, and the files through which a step sets outputs and variables for later steps. */
const RUNNER_VARIABLE = /^(?:GITHUB|ACTIONS|INPUT|SAMOCODE)_/;

/** The environment of checks: the programs and settings of the job, without its credentials. */
export function environmentOfChecks({ env }: Runner): Record<string, string> {
  return definedOnly(env, (name) => !RUNNER_VARIABLE.test(name));
}
