import { join } from 'node:path';
import { shellWord } from '../../base/shell-quoted.ts';
import type { DemoReport } from '../../demo/run-demo.ts';
import type { Cli } from '../terminal/cli.ts';
import { fitLine } from '../terminal/style.ts';
import { hanging } from './columns.ts';

/** What a demo ends with: the work, the proof, where everything is, and how to continue. */
export function demoWords(report: DemoReport, { output, calledAs, programsDir }: Cli): string {
  const { bold, dim, good, bad, accent } = output.style;
  const paragraph = (text: string) => hanging(text, { first: '  ', columns: output.columns });
  const check = (isGood: boolean, text: string) => `  ${isGood ? good('✔') : bad('✘')} ${text}`;
  const { commits, places, branch } = report;
  const project = shellWord(places?.repo ?? '');
  return [
    '',
    bold('What is on the branch now'),
    ...commits.map((commit) => `  ${fitLine(commit, 100)}`),
    '',
    ...report.diffStat.split('\n').map((line) => dim(`  ${line.trimEnd()}`)),
    '',
    bold('Verified (by samocode, not by the agent)'),
    ...report.proof.checks.map(({ command, found, expected }) =>
      check(found === expected, `${command} on a fresh clone of the branch: exit status ${found}`),
    ),
    check(report.proof.verified, 'its proof, repeated: commit, tree and exit statuses are equal'),
    check(report.mainUntouched, 'the main checkout is as it was: same commit, branch and files'),
    ...report.problems.map((problem) => `  ${bad(problem)}`),
    '',
    paragraph(fitLine(report.summary, 300)),
    dim(paragraph(`${report.phases.length} phases, ${report.iterations} agents, ${report.seconds} s.`)),
    '',
    ...(places
      ? [
          bold('Look around'),
          `  ${dim('the branch  ')} git -C ${project} log -p main..${branch}`,
          `  ${dim('the worktree')} ${places.worktree}`,
          `  ${dim('the session ')} ${places.sessionDir}`,
          `  ${dim('the proof   ')} ${join(places.sessionDir, 'proof/proof.md')}`,
          `  ${dim('remove it   ')} rm -rf ${shellWord(places.root)}`,
        ]
      : [dim(paragraph(`Everything was removed. To keep it: ${calledAs} demo --keep`))]),
    '',
    bold('With a real agent, on your own repository'),
    `  ${dim('terminal   ')} ${accent(`${calledAs} run --task "…"`)}`,
    `  ${dim('Claude Code')} ${accent(`claude mcp add -s user samocode -- node ${shellWord(join(programsDir, 'samocode-mcp.js'))}`)}`,
  ].join('\n');
}
