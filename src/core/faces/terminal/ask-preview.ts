import type { SessionQuestion } from '../../caller/context/find-session.ts';
import { inTheWay, type Preview } from '../../caller/facts/preview.ts';
import { sessionFacts } from '../../caller/facts/session-facts.ts';
import { askYesNo } from './ask.ts';
import { type Cli, EXIT } from './cli.ts';
import { hanging } from './columns.ts';
import { jsonFacts } from './json-facts.ts';
import { showLines } from './pager.ts';
import { fitLine } from './style.ts';

export interface PreviewOptions {
  preview: Preview;
  title: string;
  /** The command line that does it without asking. */
  command: string;
  facts?: object;
  /** The person agreed beforehand (`--yes`): it is shown, and not asked. */
  yes?: boolean | undefined;
}

/**
 * Shows what an act would do and asks for confirmation. Without a terminal it prints the command that does it and exits
 * with the status for "waits for a person". @throws the refusal of the preview
 * @returns the full name of the session shown, because the typed name may refer to another one by then, and the hash of
 * what was shown; undefined if the person declined
 */
export async function confirmPreview(
  cli: Cli,
  options: PreviewOptions,
): Promise<(Pick<SessionQuestion, 'session' | 'isWholeName'> & { shown: string }) | undefined> {
  const { view, hash: shown } = options.preview;
  return (await confirmed(cli, options)) ? { session: view.folder, isWholeName: true, shown } : undefined;
}

const NOT_YET = 'Nothing was done yet.';

async function confirmed(
  cli: Cli,
  { preview, title, command, facts, yes }: PreviewOptions,
): Promise<boolean> {
  if (preview.refusal) throw preview.refusal;
  const effects = formatPreview(cli, title, preview);
  if (yes) {
    cli.output.say(effects);
    return true;
  }
  if (!cli.isInteractive) {
    const { view, would, text } = preview;
    const known = { ...sessionFacts(view), summary: NOT_YET };
    const shown = { ...jsonFacts(known), ...facts, would, text };
    const lines = [effects, ...(text === undefined ? [] : ['', text, '']), `${NOT_YET} To do it: ${command}`];
    cli.output.result(shown, () => lines.join('\n'));
    cli.leaveWith(EXIT.waiting);
    return false;
  }
  // The long text comes first, so that the effects are right above the question.
  if (preview.text !== undefined) await showLines(cli, [...wrapped(cli, preview.text), '']);
  cli.output.say(effects);
  if (await askYesNo(cli, 'Do it?')) return true;
  cli.output.say('Nothing was done.');
  return false;
}

function wrapped({ output }: Cli, text: string): string[] {
  const columns = output.textColumns;
  return text.split('\n').map((line) => hanging(line, { first: /^ */.exec(line)?.[0] ?? '', columns }));
}

export function formatPreview({ output }: Cli, title: string, preview: Omit<Preview, 'hash'>): string {
  const lines = preview.refusal ? inTheWay(preview).map((line) => `not now: ${line}`) : preview.would;
  const options = { first: '  ', columns: output.textColumns };
  return [output.style.bold(title), ...lines.map((line) => hanging(fitLine(line, 1000), options))].join('\n');
}
