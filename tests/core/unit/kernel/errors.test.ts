import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { expect, expectTypeOf, test } from 'vitest';
import {
  errors,
  ifExists,
  ifThere,
  isSamocodeError,
  SamocodeError,
  systemErrorCode,
} from '../../../../src/core/kernel/errors.ts';
import { refusedFile } from '../../../../src/core/kernel/files/refused-file.ts';

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

const ERRORS = errors({
  lamp_broken: ({ room }: { room: string }) => ({
    what: `The lamp of ${room} is broken.`,
    why: 'It fell.',
    next: [{ act: 'read_status', session: room }],
  }),
  dark: () => ({ what: 'It is dark.', why: 'It is night.', hint: 'Wait for the morning.' }),
});

test('an error of a table is explained from its arguments', () => {
  const error = ERRORS.lamp_broken({ room: 'attic' });
  expect(error).toMatchObject({
    code: 'lamp_broken',
    message: 'The lamp of attic is broken. It fell.',
    hint: '',
    next: [{ act: 'read_status', session: 'attic' }],
    args: { room: 'attic' },
  });
  expect(ERRORS.dark().message).toBe('It is dark. It is night. Wait for the morning.');
});

test('an error is recognised by its code alone, and its arguments are typed', () => {
  const error: unknown = ERRORS.lamp_broken({ room: 'attic' });
  expect(ERRORS.lamp_broken.is(error)).toBe(true);
  expect(ERRORS.dark.is(error)).toBe(false);
  expect(ERRORS.dark.is(new Error('dark'))).toBe(false);
  expectTypeOf(ERRORS.lamp_broken).returns.toEqualTypeOf<SamocodeError<'lamp_broken', { room: string }>>();
});

test('the stack of an error starts where it is created, and its cause is kept', () => {
  const cause = new Error('spark');
  const error = ERRORS.dark(undefined, { cause });
  expect(error.cause).toBe(cause);
  expect(error.stack?.split('\n')[1]).toContain('errors.test.ts');
});

test("control characters in a caller's text are shown as escapes", () => {
  expect(ERRORS.lamp_broken({ room: 'a\u001b[2J' }).what).not.toContain('\u001b');
});

const KNOWN = new SamocodeError('EACCES', {}, { what: 'a', why: 'b' });

const refusal = (code: string) => Object.assign(new Error(code), { code, path: '/home/me/.config' });

test.each(['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'EIO'])(
  '%s names the file and the reason',
  (code) => {
    const error = refusedFile(refusal(code));
    expect(error).toMatchObject({ code: 'file_refused' });
    expect(error?.why).toMatch(new RegExp(`^\\w.+: /home/me/\\.config \\(${code}\\)\\.$`));
  },
);

test('bugs and explained errors are not reported as permission problems', () => {
  for (const error of [refusal('ENOENT'), new TypeError('x'), KNOWN, undefined])
    expect(refusedFile(error)).toBeUndefined();
});
