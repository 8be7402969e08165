import { readdir, readFile } from 'node:fs/promises';
import { pageKey } from '../../../../../src/core/caller/facts/live-page.ts';
import { builtPrograms } from '../../../../support/built-programs.ts';
import { makeProject } from '../../../../support/project.ts';
import { reportedSession } from '../../../../support/report-session.ts';

/** A finished session whose check, when it is repeated, runs until it is ended. */
export async function hangingCheck() {
  const seconds = `4242.${process.pid}`;
  const project = await makeProject({ acting: { programs: await builtPrograms() } });
  await project.repo.commit('Test', {
    'package.json': JSON.stringify({ private: true, scripts: { test: `sleep ${seconds}` } }),
  });
  const { paths } = await reportedSession({ project, iterations: 8, ends: 'done' });
  return {
    context: project.context,
    key: pageKey(paths),
    running: () => processesNaming(`sleep ${seconds}`),
    [Symbol.asyncDispose]: () => project.repo[Symbol.asyncDispose](),
  };
}

async function processesNaming(words: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.map((line) => line.replaceAll('\0', ' ')).filter((line) => line.includes(words));
}
