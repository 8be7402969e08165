import { readlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { isRunning, type ProcessEntry, procTable } from '../../../src/core/kernel/processes/process-table.ts';
import { sandboxFolders } from '../../../src/core/project/worktrees/sandbox-folders.ts';
import { eventually } from '../../support/eventually.ts';
import type { SessionRig } from '../../support/session-rig.ts';

/** In a cache of the project: the namespaces of the agents' processes. */
const NAMESPACES = '.cache/namespaces';

/** What programs in the guard write into a cache of HOME, outside of it. */
export function inCaches({ file }: Pick<SessionRig, 'file'>, name: string): string {
  return join(sandboxFolders(file.worktreesDir, '').caches, name);
}

/** An act of a scenario that identifies the processes of a guard, whatever markers they remove. */
export const REPORTS_NAMESPACE = {
  act: 'run',
  command: ['sh', '-c', `mkdir -p "$HOME/.cache"; readlink /proc/self/ns/pid >>"$HOME/${NAMESPACES}"`],
};

/** The same for a scenario that is a module. */
export const REPORT_NAMESPACE = `
import { appendFileSync, readlinkSync } from 'node:fs';
appendFileSync(process.env.HOME + '/${NAMESPACES}', readlinkSync('/proc/self/ns/pid') + '\\n');
`;

/** Waits for an agent that has touched this cache. */
export async function isUp(rig: SessionRig): Promise<void> {
  await eventually(() => readFile(inCaches(rig, '.cache/up')).then(() => true), {
    what: 'the start of the agent',
  });
}

/** The namespaces that the session's agents have run in so far. */
export async function namespacesOf(rig: SessionRig): Promise<string[]> {
  // Without a guard, HOME is the person's.
  const places = [inCaches(rig, NAMESPACES), join(rig.repo.homeDir, NAMESPACES)];
  const texts = await Promise.all(places.map((path) => readFile(path, 'utf8').catch(() => '')));
  return texts.join('').split('\n').filter(Boolean);
}

/**
 * Asserts that there were such guards, and that no process of them is left. The kernel reuses the number of a namespace
 * that is gone, even for another test: processes seen there must end, but may not have ended yet.
 */
export async function expectNoProcessLeftIn(namespaces: readonly string[]): Promise<void> {
  expect(namespaces.length, 'namespaces that agents reported').toBeGreaterThan(0);
  expect(namespaces, 'namespaces of agents').not.toContain(readlinkSync('/proc/self/ns/pid'));
  const seen = await processesIn(namespaces);
  for (const { pid, startTicks } of seen) {
    const isGone = async () => {
      const now = await procTable().read(pid);
      return !isRunning(now) || now.startTicks !== startTicks;
    };
    await eventually(isGone, { what: `the end of process ${pid} in the guard` });
  }
}

/** The processes in these PID namespaces. */
async function processesIn(namespaces: readonly string[]): Promise<ProcessEntry[]> {
  const running = (await procTable().list()).filter(isRunning);
  return running.filter(({ pid }) => namespaces.includes(namespaceOf(pid) ?? ''));
}

function namespaceOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    // Gone, or nearly.
    return undefined;
  }
}
