import { plainJson } from '../../base/files/plain-file.ts';
import { livenessOf } from '../../base/processes/host.ts';
import { SESSION_MARK } from '../../providers/starting/environment.ts';
import { ChildRecord } from '../../providers/starting/run-child.ts';
import { iterationPaths } from '../../session/layout/paths.ts';
import type { Worker } from './worker.ts';

const MAX_RECORD_BYTES = 64 * 1024;

/**
 * Who the child of an iteration is; undefined when none was recorded, so that none has ever run, or when
 * the record was damaged or names a living process that is no child of this session.
 */
export async function readChildRecord(worker: Worker, iteration: number): Promise<ChildRecord | undefined> {
  const { child } = iterationPaths(worker.paths, iteration);
  const record = await plainJson(child, MAX_RECORD_BYTES, ChildRecord);
  if (record === undefined) return undefined;
  const { host, file } = worker;
  if ((await livenessOf(host, record.wrapper)) !== 'alive') return record;
  const { pid } = record.wrapper;
  const mark = await host.processes.environmentOf(pid, SESSION_MARK);
  if (mark !== undefined) return mark === file.id ? record : undefined;
  // macOS shows nobody the environment of its own programs, and the wrapper is run by its shell.
  const command = (await host.processes.commandOf(pid)) ?? '';
  return command.includes(` ${wrapperName(worker, iteration)} `) ? record : undefined;
}

/** By which a wrapper is known where its environment is not shown. */
export function wrapperName({ file }: Pick<Worker, 'file'>, iteration: number): string {
  return `samocode-child-${file.id}-${iteration}`;
}
