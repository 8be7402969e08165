import { join } from 'node:path';
import type { Cli } from '../../../core/faces/terminal/cli.ts';
import { hanging } from '../../../core/faces/terminal/columns.ts';
import { ProgressView } from '../../../core/faces/terminal/progress-view.ts';
import { fitLine, harmless } from '../../../core/faces/terminal/style.ts';
import type { Clock } from '../../../core/kernel/clock.ts';
import { shellWord } from '../../../core/kernel/shell-quoted.ts';
import { counted } from '../../../core/kernel/text.ts';
import type { DemoScreen } from './play-session.ts';
import type { DemoReport } from './run-demo.ts';

/**
 * Shows the demo on a terminal, or as plain lines without one.
 * @param isAsked whether the person answers; otherwise the demo accepts each suggestion and approves the plan
 */
export function newDemoScreen(cli: Cli, clock: Clock, isAsked: boolean): DemoScreen & Disposable {
  const { output } = cli;
  const { bold, dim, good, accent, attention } = output.style;
  const view = new ProgressView(output, clock);
  const say = (text: string) => {
    view.pause();
    output.say(text);
  };
  const prose = (text: string, first: string) =>
    say(hanging(harmless(text), { first, columns: output.columns }));
  return {
    chapter: (title) => say(`\n${bold(title)}`),
    line: (text) => prose(text, '  '),
    toolCall(tool, about = '') {
      const shown = fitLine(about, Math.max(20, output.columns - tool.length - 12));
      say(`  ${dim('chat ▸')} ${accent(tool)} ${dim(shown)}`.trimEnd());
    },
    progress: (progress) => view.show(progress),
    ended: (phase, did) => view.note(`${good('✔')} ${phase}${did && `: ${fitLine(did)}`}`),
    async question({ id, text, options, suggestion }) {
      say('');
      prose(text, `  ${attention(bold(id))}  `);
      for (const option of options) say(`      ${fitLine(option)}`);
      if (suggestion) say(dim(`      suggested: ${fitLine(suggestion)}`));
      const suggested = suggestion.split(' - ')[0]?.trim() || 'A';
      if (!isAsked) return suggested;
      return (await cli.ask(`      your answer [${suggested}]: `)).trim() || suggested;
    },
    async plan(outline) {
      say(harmless(outline).replaceAll(/^/gm, '  │ '));
      if (!isAsked) return undefined;
      const reply = (await cli.ask('  Approve it? [Y/n, or what should be different] ')).trim();
      if (/^(?:y(?:es)?)?$/i.test(reply)) return undefined;
      if (!/^no?$/i.test(reply)) return reply;
      return (await cli.ask('  What should be different? ')).trim() || 'Shorter.';
    },
    [Symbol.dispose]: () => view.pause(),
  };
}

/** Formats the end of a demo: the commits, the proof, the paths, and how to continue. */
export function formatDemo(report: DemoReport, { output, calledAs, programsDir, env }: Cli): string {
  const { bold, dim, good, bad, accent } = output.style;
  const paragraph = (text: string) => hanging(text, { first: '  ', columns: output.columns });
  const check = (isGood: boolean, text: string) => `  ${isGood ? good('✔') : bad('✘')} ${text}`;
  const { commits, places, branch } = report;
  const project = shellWord(places?.repo ?? '');
  const again = env.npm_lifecycle_event === 'demo' ? 'npm run demo --' : `${calledAs} demo`;
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
    check(report.proof.verified, 'its proof, repeated: commit, tree and exit statuses match'),
    check(report.mainUntouched, 'the main checkout is unchanged: same commit, branch and files'),
    ...report.problems.map((problem) => `  ${bad(problem)}`),
    '',
    paragraph(fitLine(report.summary, 300)),
    dim(
      paragraph(
        `${counted(report.iterations, 'agent')} for the task, ${counted(report.quick.iterations, 'agent')} for the small one, ${report.seconds} s.`,
      ),
    ),
    '',
    ...(places
      ? [
          bold('Explore the result'),
          `  ${dim('the branch  ')} git -C ${project} log -p main..${branch}`,
          `  ${dim('the worktree')} ${places.worktree}`,
          `  ${dim('the session ')} ${places.sessionDir}`,
          `  ${dim('the proof   ')} ${join(places.sessionDir, 'proof/proof.md')}`,
          `  ${dim('remove it   ')} rm -rf ${shellWord(places.root)}`,
        ]
      : [dim(paragraph(`Everything was removed. To keep it: ${again} --keep`))]),
    '',
    bold('With a real agent, on your own repository'),
    `  ${dim('terminal   ')} ${accent(`${calledAs} run --task "…"`)}`,
    `  ${dim('Claude Code')} ${accent(`claude mcp add -s user samocode -- node ${shellWord(join(programsDir, 'samocode-mcp.js'))}`)}`,
  ].join('\n');
}
