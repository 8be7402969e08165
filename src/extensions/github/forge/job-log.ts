import { stripVTControlCharacters } from 'node:util';
import { shownText } from '../../../core/kernel/text.ts';
import { forgeFailure, type GhContext, gh, noAnswer, parseResponse } from './gh.ts';
import { partsOf } from './repository-name.ts';

const LINES = 200;
const LINE_CHARS = 2000;

/** A log can be a hundred megabytes long: it is streamed, and only the lines before its last error or end are kept. */
export async function readJobLog(
  context: GhContext,
  repository: string,
  jobId: number,
): Promise<readonly string[] | undefined> {
  const { host, path } = partsOf(repository);
  const log = tailBeforeError();
  const decoder = new TextDecoder();
  let stderr = '';
  const output = (chunk: Uint8Array, of: 'stdout' | 'stderr') => {
    if (of === 'stdout') log.add(decoder.decode(chunk, { stream: true }));
    else stderr += Buffer.from(chunk);
  };
  const args = ['api', `${path}/actions/jobs/${jobId}/logs`, '--hostname', host, '--include'];
  const run = await gh(context, args, { output });
  const { head, lines } = log.end();
  const ended = { ...run, stderr };
  const answer = parseResponse(ended, head, lines.join('\n'), context);
  if (answer === undefined) throw noAnswer(ended, host, context);
  if (answer.status === 404 || answer.status === 410) return undefined;
  if (answer.status >= 300) throw forgeFailure(answer, { host, subject: `job ${jobId} of ${repository}` });
  // gh was interrupted in the middle of the log.
  if (run.exitCode !== 0) throw noAnswer(ended, host, context);
  return lines;
}

/** Collects lines from pieces of text. The lines after the last error are from clean-up steps, and are omitted. */
function tailBeforeError() {
  const head: string[] = [];
  let isHead = true;
  let tail: string[] = [];
  let beforeError: string[] | undefined;
  let rest = '';
  const take = (raw: string) => {
    if (isHead) {
      const line = raw.trimEnd();
      if (line === '') isHead = false;
      else head.push(line);
      return;
    }
    const line = shownLine(raw);
    tail.push(line);
    if (tail.length > 2 * LINES) tail = tail.slice(-LINES);
    if (line.includes('##[error]')) beforeError = tail.slice(-LINES - 1);
  };
  return {
    add(text: string) {
      const lines = (rest + text).split('\n');
      rest = (lines.pop() ?? '').slice(0, 10 * LINE_CHARS);
      for (const line of lines) take(line);
    },
    end() {
      if (rest !== '') take(rest);
      return { head, lines: beforeError ?? tail.slice(-LINES) };
    },
  };
}

const TIMESTAMP = /^\ufeff?\d{4}-\d\d-\d\dT[\d:.]+Z /;

function shownLine(line: string): string {
  return shownText(stripVTControlCharacters(line.trimEnd().replace(TIMESTAMP, '')).slice(0, LINE_CHARS));
}
