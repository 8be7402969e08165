import type { SessionQuestion } from '../../acts/common/places/find-session.ts';
import type { Preview } from '../../acts/common/preview.ts';
import { askYesNo } from './ask.ts';
import { type Cli, EXIT } from './cli.ts';
import { hanging } from './columns.ts';
import { showLines } from './pager.ts';
import { shownFacts } from './session-facts.ts';
import { fitLine } from './style.ts';

export interface Previewed {
  preview: Preview;
  title: string;
  /** The command line that does it without asking. */
  command: string;
  /** More for `--json`. */
  facts?: object;
}

/**
 * Shows what an act would do and asks. Where nobody can be asked it says how to do it, and the exit status says that a
 * person is waited for.
 * @returns the whole name of the session that was shown, since another one may come to be what was typed; undefined for a no
 */
export async function agreedTo(
  cli: Cli,
  previewed: Previewed,
): Promise<Pick<SessionQuestion, 'session' | 'isWholeName'> | undefined> {
  const { folder } = previewed.preview.view;
  return (await isAgreed(cli, previewed)) ? { session: folder, isWholeName: true } : undefined;
}

async function isAgreed(cli: Cli, { preview, title, command, facts }: Previewed): Promise<boolean> {
  // The act itself reports the blockers.
  if (preview.blockers.length > 0) return true;
  const words = previewWords(cli, title, preview);
  if (!cli.isInteractive) {
    const { view, would, text } = preview;
    const shown = { ...shownFacts(view), ...facts, would, text };
    const lines = [
      words,
      ...(text === undefined ? [] : ['', text, '']),
      `Nothing is done yet. To do it: ${command}`,
    ];
    cli.output.result(shown, () => lines.join('\n'));
    cli.leaveWith(EXIT.waiting);
    return false;
  }
  // What is long comes first: the question stands below what it would do.
  if (preview.text !== undefined) await showLines(cli, [...wrapped(cli, preview.text), '']);
  cli.output.say(words);
  if (await askYesNo(cli, 'Do it?')) return true;
  cli.output.say('Nothing is done.');
  return false;
}

function wrapped({ output }: Cli, text: string): string[] {
  const columns = output.textColumns;
  return text.split('\n').map((line) => hanging(line, { first: /^ */.exec(line)?.[0] ?? '', columns }));
}

export function previewWords({ output }: Cli, title: string, { would, blockers }: Preview): string {
  const lines = blockers.length > 0 ? blockers.map((line) => `not now: ${line}`) : would;
  const options = { first: '  ', columns: output.textColumns };
  return [output.style.bold(title), ...lines.map((line) => hanging(fitLine(line, 1000), options))].join('\n');
}
