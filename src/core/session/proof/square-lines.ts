import type { OldTests } from '../../kernel/phases/decision.ts';
import { type Bite, openWords } from '../../kernel/phases/proving.ts';
import { code } from '../documents/markdown-lines.ts';
import type { SessionProof } from './proof.ts';

/** Base and work, each with the checks of both: what was tried, and how it ended. Empty if no test or setting differs. */
export function squareLines({ baseChecks, bite, oldTests, checks }: SessionProof): string[] {
  if (bite === undefined && oldTests === undefined) return [];
  return [
    `Base, checks of the base: ${baseChecks === undefined ? 'not run' : ended(baseChecks.runs)}`,
    `Base, checks of the work: ${withoutWork(bite)}`,
    `Work, checks of the base: ${withOldTests(oldTests)}`,
    `Work, checks of the work: ${checks === undefined ? 'not run' : ended(checks.runs)}`,
  ];
}

type Run = Pick<Bite['red'][number], 'command'> & { how?: string | undefined };

function ended(runs: readonly (Run & Parameters<typeof openWords>[0])[]): string {
  const red = runs.flatMap((run) =>
    run.how === undefined ? [] : [{ ...run, how: openWords(run) ?? run.how }],
  );
  return red.length === 0 ? 'passed' : failed(red);
}

function failed(red: readonly Run[]): string {
  return `failed: ${red.map(({ command, how }) => `${code(command)} (${how})`).join(', ')}`;
}

function withoutWork(bite: Bite | undefined): string {
  if (bite === undefined) return 'not tried: no test was added or changed';
  if (bite.untried !== undefined) return `not tried: ${bite.untried}`;
  const passed = bite.passed.map(code).join(', ');
  if (bite.red.length === 0) return `passed: ${passed}`;
  return passed === '' ? failed(bite.red) : `${failed(bite.red)}; passed: ${passed}`;
}

function withOldTests(oldTests: OldTests | undefined): string {
  switch (oldTests?.kind) {
    case undefined:
      return 'not tried';
    case 'kept':
      return 'passed';
    case 'broken':
    case 'needs':
      return `failed: ${oldTests.why}`;
    default:
      return `not tried: ${oldTests?.why ?? ''}`;
  }
}
