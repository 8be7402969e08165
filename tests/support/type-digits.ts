/** What a person sends who types the digits that a form asks for; undefined for any other form. */
export function typedDigits(params: { message: string }) {
  const [, digits] = /^To send this, type (\d{4})\./.exec(params.message) ?? [];
  return digits === undefined ? undefined : { action: 'accept' as const, content: { digits } };
}
