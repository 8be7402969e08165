import type { Clock } from '../base/clock.ts';
import type { DemoScreen } from '../demo/screen.ts';
import { hanging } from './columns.ts';
import type { Output } from './output.ts';
import { ProgressView } from './progress-view.ts';
import { harmless, oneLine } from './style.ts';

/** The demo on a terminal, or as plain lines where there is none. */
export function newDemoScreen(output: Output, clock: Clock): DemoScreen & Disposable {
  const { bold, dim, good, accent, attention } = output.style;
  const view = new ProgressView(output, clock);
  const say = (text = '') => {
    view.pause();
    output.say(text);
  };
  return {
    isWatched: !output.json,
    chapter: (title) => say(`\n${bold(title)}`),
    line: (text) => say(hanging(harmless(text), { first: '  ', columns: output.columns })),
    toolCall: (tool, about) =>
      say(
        `  ${dim('chat ▸')} ${accent(tool)}${about ? ` ${dim(oneLine(about, Math.max(20, output.columns - tool.length - 12)))}` : ''}`,
      ),
    progress: (progress) => view.show(progress),
    ended: (phase, did) => view.note(`${good('✔')} ${phase}${did ? `: ${oneLine(did)}` : ''}`),
    question({ id, text, options, suggestion }) {
      say(`\n${hanging(harmless(text), { first: `  ${attention(bold(id))}  `, columns: output.columns })}`);
      for (const option of options) say(`      ${oneLine(option)}`);
      if (suggestion) say(dim(`      suggested: ${oneLine(suggestion)}`));
    },
    quote: (text) => say(indented(harmless(text))),
    [Symbol.dispose]: () => view.pause(),
  };
}

function indented(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `  │ ${line}`)
    .join('\n');
}
