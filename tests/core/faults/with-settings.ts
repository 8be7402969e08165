import { readFile, writeFile } from 'node:fs/promises';
import { freezeSettings } from '../../../src/core/acts/sessions/freeze-settings.ts';
import { findProjectFor } from '../../../src/core/caller/context/find-project-for.ts';
import { samocodeLine } from '../../../src/core/project/settings/samocode-file.ts';
import type { FrozenSettings, SessionFile } from '../../../src/core/session/events/bodies/session-file.ts';
import { eventually } from '../../support/eventually.ts';
import { trustLines } from '../../support/project.ts';
import type { SessionRig } from '../../support/session-rig.ts';
import type { FaultRow } from './fault-row.ts';

/** A row whose session has settings that no `.samocode` allows: limits of a second or two. */
export function withSettings(settings: Partial<FrozenSettings>, row: FaultRow): FaultRow {
  return { ...row, settings: { retryDelayMs: 50, ...settings } };
}

/** Changes the frozen settings while no worker runs, in both files. */
export async function changeSettings(rig: SessionRig, settings: Partial<FrozenSettings>): Promise<void> {
  await changeFile(rig, (file) => ({ settings: { ...file.settings, ...settings } }));
}

/** The same for the other choices of the start. */
export async function changeFile(
  { paths }: Pick<SessionRig, 'paths'>,
  change: (file: SessionFile) => Partial<SessionFile>,
): Promise<void> {
  const { sessionFile, events } = paths;
  const file = JSON.parse(await readFile(sessionFile, 'utf8'));
  const after = { ...file, ...change(file) };
  const log = (await readFile(events, 'utf8')).split('\n');
  await writeFile(sessionFile, `${JSON.stringify(after, null, 2)}\n`);
  // The settings in its creation event are those that count.
  const lines = log.map((line) => {
    const event = line.includes('"session_created"') ? JSON.parse(line) : undefined;
    // The texts that were given are beside the choices there.
    const { given: _, ...choices } = after;
    return event === undefined ? line : JSON.stringify({ ...event, file: choices });
  });
  await writeFile(events, lines.join('\n'));
}

/** As if the session had been started with these lines of `.samocode`. */
export async function changeLines(rig: SessionRig, lines: Readonly<Record<string, string>>): Promise<void> {
  const text = Object.entries(lines).map(([key, value]) => `${samocodeLine(key, value)}\n`);
  await trustLines(rig.repo, text.join(''));
  const { folder, configPath, settings } = rig.file;
  const context = rig.context();
  const found = await findProjectFor({ projectDir: configPath }, context);
  const { branch, base, scenarioPath } = settings;
  const frozen = await freezeSettings(found, { folder, branch, base }, context);
  await changeSettings(rig, { ...frozen, scenarioPath });
}

/** Waits until an agent of this iteration works. */
export async function childWorks(rig: SessionRig, iteration: number): Promise<void> {
  await rig.until(({ openIteration }) => openIteration?.iteration === iteration, { leaveDead: true });
  await eventually(async () => (await rig.processesWithMark()).length >= 2, {
    what: `an agent of iteration ${iteration}`,
  });
}
