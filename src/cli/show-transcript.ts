import type { TranscriptPage } from '../actions/read-transcript.ts';
import type { Cli } from './cli.ts';
import { harmless } from './style.ts';

export interface TranscriptWish {
  session: string;
  projectDir: string | undefined;
  iteration: number;
  /** Goes on until the child has ended. */
  follow: boolean;
}

const LOOK_MS = 1000;

/** Prints what the child of one iteration said and did, page by page; with `--json` the whole as one object. */
export async function showTranscript(cli: Cli, { follow, ...question }: TranscriptWish): Promise<void> {
  const { readTranscript } = await import('../actions/read-transcript.ts');
  const context = await cli.actionContext();
  const entries: TranscriptPage['entries'] = [];
  let page = await readTranscript(question, context);
  if (!cli.output.json) cli.output.say(headOf(page, cli));
  for (;;) {
    if (cli.output.json) entries.push(...page.entries);
    else for (const line of page.lines) cli.output.say(harmless(line));
    if (!page.hasMore) {
      if (!page.isRunning || !follow) break;
      await context.clock.sleep(LOOK_MS, cli.interrupted);
    }
    page = await readTranscript({ ...question, from: page.next }, context);
  }
  const { view, iteration, phase, provider, logPath, isRunning } = page;
  if (cli.output.json) {
    const result = { session: view.folder, iteration, phase, provider, path: logPath, entries, isRunning };
    cli.output.result(result, () => '');
  } else if (isRunning) cli.output.say(cli.output.style.dim('It still works: --follow goes on with it.'));
}

function headOf({ iteration, phase, provider, logPath }: TranscriptPage, { output }: Cli): string {
  const { bold, dim } = output.style;
  return `${bold(`iteration ${iteration}, ${phase}, ${provider}`)}  ${dim(harmless(logPath))}`;
}
