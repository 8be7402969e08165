import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import {
  ifExists,
  ifThere,
  isSamocodeError,
  SamocodeError,
  systemErrorCode,
} from '../../../../src/core/kernel/errors.ts';

const KETTLE = { what: 'No tea was made.', why: 'The kettle is empty.', hint: 'Fill it.' };

test('an expected failure says what, why and what to do, and hides everything else', () => {
  const error = new SamocodeError('kettle_empty', {}, KETTLE, { cause: new Error('0 ml') });
  expect(error.message).toBe('No tea was made. The kettle is empty. Fill it.');
  expect(error).toMatchObject({ name: 'kettle_empty', what: 'No tea was made.', hint: 'Fill it.' });
  expect(error.message).not.toContain('0 ml');
  expect([isSamocodeError(error), isSamocodeError(new Error('x'))]).toEqual([true, false]);
});

test('only a missing file gives undefined', async () => {
  expect(await ifExists(readFile('/no/such/file'))).toBeUndefined();
  expect(await ifExists(readFile('/etc/hostname/below'))).toBeUndefined();
  await expect(ifExists(readFile('/'))).rejects.toMatchObject({ code: 'EISDIR' });
  expect(ifThere(() => readFileSync('/no/such/file'))).toBeUndefined();
  expect(ifThere(() => readFileSync('/etc/hostname/below'))).toBeUndefined();
  expect(() => ifThere(() => readFileSync('/'))).toThrow('EISDIR');
});

test('anything but a system error has no code', () => {
  const codes = [new Error('x'), 'ENOENT', null, Object.assign(new Error('x'), { code: 7 })].map(
    systemErrorCode,
  );
  expect(codes).toEqual([undefined, undefined, undefined, undefined]);
});
