import { lstat, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../../base/errors.ts';
import { writeWhole } from '../../base/files/atomic-file.ts';
import { type Client, type ClientPlace, clientsFolder } from './client.ts';
import { findProgram } from './find-program.ts';
import { INSTALL_ERRORS } from './install-errors.ts';
import { jsonValue, valueAt } from './json-member.ts';
import { geminiPackage } from './package/gemini-package.ts';
import { commandOnPath } from './package/package-source.ts';
import { addPlugin, type PluginWay, packageFolder } from './plugin.ts';
import { addServer, serverTrace } from './server-entry.ts';
import { removeTrace, type Trace } from './trace.ts';

const title = 'Gemini CLI';
/** Longer than any wait of ours. */
const CALL_LIMIT_MS = 600_000;

/** Gemini CLI: an extension for the person, or the server alone in a project's settings. */
export const geminiClient: Client = {
  name: 'gemini',
  title,
  restart: 'Restart Gemini CLI',
  shownBy: '/mcp',
  find: (context) => findProgram(context, 'gemini'),
  async installSteps(work) {
    if (work.scope === 'user') {
      if (await isOfPerson(work)) throw INSTALL_ERRORS.own_extension({ title, path: extensionPath(work) });
      return await addPlugin(work, way(work));
    }
    const start = { ...commandOnPath(), timeout: CALL_LIMIT_MS };
    return await addServer({ path: projectSettings(work), start }, { ...work, title });
  },
  async traces(place) {
    if (place.scope === 'project') return [serverTrace(projectSettings(place), { isShared: true })];
    return [
      ...((await isOfPerson(place)) ? [] : way(place).traces),
      ...(await memory(place)),
      { kind: 'folder', path: packageFolder(place, 'gemini') },
    ];
  },
};

function way(place: ClientPlace): PluginWay {
  return {
    client: 'gemini',
    files: geminiPackage,
    add: (copy) => [['extensions', 'link', copy, '--consent']],
    around: (run) => leavingNothing(place, run),
    traces: [
      { kind: 'folder', path: extensionPath(place) },
      {
        kind: 'member',
        path: join(settingsDir(place), 'extensions/extension-enablement.json'),
        at: ['samocode'],
        isRegister: true,
      },
    ],
  };
}

/** Whether the extension of our name is another than the one that we had linked. */
async function isOfPerson(place: ClientPlace): Promise<boolean> {
  const path = extensionPath(place);
  if ((await ifExists(lstat(path))) === undefined) return false;
  // Where it cannot be read nothing says that it is ours.
  const note = await readFile(join(path, '.gemini-extension-install.json'), 'utf8').catch(() => '');
  return valueAt(jsonValue(note), ['source']) !== packageFolder(place, 'gemini');
}

// A yes to the extension is taken as one to the folder that it is given in, and every folder is remembered.
async function leavingNothing(place: ClientPlace, run: () => Promise<void>): Promise<void> {
  const trusted = join(settingsDir(place), 'trustedFolders.json');
  const before = await ifExists(readFile(trusted));
  try {
    await run();
  } finally {
    if (before === undefined) await rm(trusted, { force: true });
    else if (!before.equals(await readFile(trusted))) await writeWhole(trusted, before, 0o600);
    for (const trace of await memory(place)) await removeTrace(trace);
  }
}

/** Where Gemini CLI remembers the folder that its commands were run in. */
async function memory(place: ClientPlace): Promise<Trace[]> {
  const folder = clientsFolder(place.context);
  const path = join(settingsDir(place), 'projects.json');
  const register: Trace = { kind: 'member', path, at: ['projects', folder], isRegister: true };
  // What is wrong with the file is found again, and named, by whoever removes from it.
  const text = await readFile(path, 'utf8').catch(() => '');
  const name = valueAt(jsonValue(text), ['projects', folder]);
  if (typeof name !== 'string' || !/^[\w.-]+$/.test(name) || /^\.+$/.test(name)) return [register];
  const kept = ['history', 'tmp'].map((kind) => join(settingsDir(place), kind, name));
  return [...kept.map((one) => ({ kind: 'folder' as const, path: one })), register];
}

function settingsDir({ context: { env, home } }: ClientPlace): string {
  return join(env.GEMINI_CLI_HOME || home, '.gemini');
}

function extensionPath(place: ClientPlace): string {
  return join(settingsDir(place), 'extensions/samocode');
}

function projectSettings({ projectDir }: ClientPlace): string {
  return join(projectDir, '.gemini/settings.json');
}
