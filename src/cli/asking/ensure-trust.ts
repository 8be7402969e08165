import type { RiskyLine } from '../../project/finding/trust.ts';
import type { Cli } from '../terminal/cli.ts';
import { harmless } from '../terminal/style.ts';

/**
 * Asks for a person's trust where a project's `.samocode` needs it. Without a terminal, or without a yes,
 * nothing is changed: the start itself then says what is missing.
 */
export async function ensureTrust(cli: Cli, projectDir: string): Promise<void> {
  if (!cli.isInteractive) return;
  const { readTrust, trustProject } = await import('../../actions/places/trust-project.ts');
  const context = await cli.actionContext();
  const { project, trust } = await readTrust({ projectDir }, context);
  if (trust.kind === 'fine' || !(await askTrust(cli, project.filePath, trust.lines))) return;
  await trustProject({ projectDir, hash: trust.hash }, context);
}

/** Shows what would run or loosen something, and asks. */
export async function askTrust(cli: Cli, filePath: string, lines: readonly RiskyLine[]): Promise<boolean> {
  cli.output.say(`These lines of ${filePath} take effect only after you trust them:`);
  for (const line of trustWords(lines)) cli.output.say(`  ${line}`);
  const { askYesNo } = await import('./ask-questions.ts');
  return (await askYesNo(cli, 'Trust them?')) === true;
}

/** The lines as the file has them, each with what it does. */
export function trustWords(lines: readonly RiskyLine[]): string[] {
  return lines.map(({ key, value, risk }) => `${key}=${harmless(value)}   (${RISKS[risk]})`);
}

const RISKS: Readonly<Record<RiskyLine['risk'], string>> = {
  runs: 'runs as you',
  loosens: 'relaxes a rule',
};
