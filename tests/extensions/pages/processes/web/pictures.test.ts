// @module-tag ci
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PicturesTaken } from '../../../../../src/core/session/events/bodies/pictures.ts';
import { makeProject, type TempProject } from '../../../../support/project.ts';
import { type ReportedSession, reportedSession } from '../../../../support/report-session.ts';
import { takePictures } from '../../../../support/taken-pictures.ts';
import { type WebPage, webPage } from '../../../../support/web-page.ts';

let project: TempProject;
let session: ReportedSession;
let taken: PicturesTaken;
let page: WebPage;

beforeAll(async () => {
  project = await makeProject();
  session = await reportedSession({ iterations: 8, project });
  taken = await takePictures(session.paths);
  page = await webPage(project.context);
});

afterAll(async () => {
  page[Symbol.dispose]();
  await project.repo[Symbol.asyncDispose]();
});

const fileOf = (picture: { file: string } | undefined) => join(session.paths.runDir, picture?.file ?? '');
const addressOf = (hash: string) => `/s/${page.key}/picture/${hash}`;

test('the page of a session has the address of each picture and not its bytes', async () => {
  const part = await page.part('p-tab pages');
  expect(part).toContain('2 of 2 pictures differ: /login at 1280 px, /login at 390 px.');
  expect(part).not.toContain('The branch has changed since');
  const [wide] = taken.pages;
  const addresses = [...part.matchAll(/data-picture="([^"]*)"/g)].map(([, address]) => address);
  expect(addresses).toHaveLength(6);
  expect(addresses[0]).toBe(addressOf(wide?.before?.hash ?? ''));
  expect(part).not.toContain('image/png;base64');
  const answer = await page.ask(addresses[0] ?? '');
  expect(answer.headers.get('content-type')).toBe('image/png');
  expect(Buffer.from(await answer.arrayBuffer())).toEqual(await readFile(fileOf(wide?.before)));
});

test('only a picture that the session names is served, and only to the holder of the key', async () => {
  const named = addressOf(taken.pages[0]?.after?.hash ?? '');
  expect((await page.ask(named, { headers: { authorization: 'Bearer another' } })).status).toBe(401);
  const unnamed = 'f'.repeat(64);
  await copyFile(fileOf(taken.pages[0]?.after), join(session.paths.pictures, `${unnamed}.png`));
  for (const hash of [unnamed, '..%2Fsession.json', '%2E%2E%2Fevents.jsonl', 'constructor'])
    expect((await page.ask(addressOf(hash))).status).toBe(404);
});

test('a picture whose file has changed is not served', async () => {
  const picture = taken.pages[1]?.difference;
  await writeFile(fileOf(picture), 'another');
  expect((await page.ask(addressOf(picture?.hash ?? ''))).status).toBe(404);
});
