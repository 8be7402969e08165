import { expect, expectTypeOf, test } from 'vitest';
import { errors, type SamocodeError } from '../../../../src/core/kernel/errors.ts';

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
  expect(error.stack?.split('\n')[1]).toContain('error-table.test.ts');
});

test("control characters in a caller's text are shown as escapes", () => {
  expect(ERRORS.lamp_broken({ room: 'a\u001b[2J' }).what).not.toContain('\u001b');
});
