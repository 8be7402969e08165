import { appendFileSync } from 'node:fs';
import { definedOnly } from '../base/defined-only.ts';

/** The runner of GitHub Actions, by the variables and files that it documents. */
export interface Runner {
  env: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
  /** Writes one line of the job's log. */
  log(line: string): void;
}

export function addSummary({ env }: Runner, markdown: string): void {
  if (env.GITHUB_STEP_SUMMARY) appendFileSync(env.GITHUB_STEP_SUMMARY, `${markdown}\n`);
}

/** @param values single lines, none of them controlled by others */
export function setOutputs({ env }: Runner, values: Readonly<Record<string, string>>): void {
  const lines = Object.entries(values).map(([name, value]) => `${name}=${value}\n`);
  if (env.GITHUB_OUTPUT) appendFileSync(env.GITHUB_OUTPUT, lines.join(''));
}

/** The runner's own variables: tokens, and the files by which a step sets outputs and variables of later steps. */
const OF_RUNNER = /^(?:GITHUB|ACTIONS|INPUT|SAMOCODE)_/;

/** The environment of checks: the programs and settings of the job, without its credentials. */
export function environmentOfChecks({ env }: Runner): Record<string, string> {
  return definedOnly(env, (name) => !OF_RUNNER.test(name));
}
