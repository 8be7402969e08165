import { join } from 'node:path';
import { shellWord } from '../base/shell-quoted.ts';
import type { DemoReport } from '../demo/report.ts';
import type { Cli } from './cli.ts';
import { hanging } from './columns.ts';
import { oneLine, type Style } from './style.ts';

/** What a demo ends with: the work, the proof, where everything lies, and how to go on. */
export function demoWords(report: DemoReport, { output, calledAs, programsDir }: Cli): string {
  const { columns, style } = output;
  const { bold, dim, good, bad, accent } = style;
  const paragraph = (text: string) => hanging(text, { first: '  ', columns });
  const check = (isGood: boolean, text: string) => `  ${isGood ? good('✔') : bad('✘')} ${text}`;
  const { tests, feature, places } = report;
  return [
    '',
    bold('What is on the branch now'),
    ...report.commits.map(({ hash, subject }) => `  ${accent(hash)} ${oneLine(subject, 100)}`),
    '',
    ...report.diffStat.split('\n').map((line) => dim(`  ${line.trimEnd()}`)),
    '',
    bold('Is it true? (looked at from outside, not by the child)'),
    check(
      feature !== null,
      feature === null ? 'a dropped item does not come back' : `"boat ${feature}" brings a dropped item back`,
    ),
    check(
      tests.exitCode === 0 && tests.passed > 0,
      `the project's own tests on the branch: ${tests.passed} passed, ${tests.failed} failed`,
    ),
    check(report.mainUntouched, 'the main checkout is as it was: same commit, branch and files'),
    ...report.problems.map((problem) => `  ${bad(problem)}`),
    '',
    paragraph(oneLine(report.summary, 300)),
    dim(
      paragraph(
        `${report.phases.length} phases, ${report.iterations} children, ${report.seconds} s. The child was a rehearsal: no model, no login, no network.`,
      ),
    ),
    ...(places ? ['', ...placesWords(places, report.branch, style)] : []),
    '',
    bold('With a real agent, on a repository of yours'),
    `  ${dim('terminal   ')} ${accent(`${calledAs} run --task "…"`)}`,
    `  ${dim('Claude Code')} ${accent(`claude mcp add -s user samocode -- node ${shellWord(join(programsDir, 'samocode-mcp.js'))}`)}`,
  ].join('\n');
}

function placesWords(
  places: NonNullable<DemoReport['places']>,
  branch: string,
  { bold, dim }: Style,
): string[] {
  return [
    bold('Look around'),
    `  ${dim('the project ')} ${places.repo}`,
    `  ${dim('the branch  ')} git -C ${shellWord(places.repo)} log -p main..${branch}`,
    `  ${dim('the worktree')} ${places.worktree}`,
    `  ${dim('the session ')} ${places.sessionDir}`,
    `  ${dim('throw away  ')} rm -rf ${shellWord(places.root)}`,
  ];
}
