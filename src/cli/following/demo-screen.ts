import type { Clock } from '../../base/clock.ts';
import type { DemoScreen } from '../../demo/play-session.ts';
import { hanging } from '../rendering/columns.ts';
import type { Cli } from '../terminal/cli.ts';
import { fitLine, harmless } from '../terminal/style.ts';
import { ProgressView } from './progress-view.ts';

/**
 * The demo on a terminal, or as plain lines where there is none.
 * @param isAsked whoever sits at the terminal answers; else the demo takes each suggestion and approves
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
      const said = (await cli.ask('  Approve it? [Y/n, or what should be different] ')).trim();
      if (/^(?:y(?:es)?)?$/i.test(said)) return undefined;
      if (!/^no?$/i.test(said)) return said;
      return (await cli.ask('  What should be different? ')).trim() || 'Shorter.';
    },
    [Symbol.dispose]: () => view.pause(),
  };
}
