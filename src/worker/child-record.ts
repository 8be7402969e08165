import { parseJson } from '../base/parse-json.ts';
import { readPlainFile } from '../base/plain-file.ts';
import { ChildRecord } from '../providers/run-child.ts';
import { iterationPaths, type SessionPaths } from '../session/paths.ts';

const MAX_RECORD_BYTES = 64 * 1024;

/** `child.json` of an iteration as it lies there, whoever wrote it; undefined when it is missing or damaged. */
export async function childRecordAt(
  paths: SessionPaths,
  iteration: number,
): Promise<ChildRecord | undefined> {
  const reading = await readPlainFile(iterationPaths(paths, iteration).child, MAX_RECORD_BYTES);
  if (reading.kind !== 'bytes') return undefined;
  return ChildRecord.safeParse(parseJson(reading.bytes.toString('utf8'))).data;
}
