/** What the card shows and what it was made of. */
interface Made {
  version: string;
  /** The fields of the result. */
  fields: unknown;
  markup: string;
}

/**
 * The same in the server and in the card while a client changes none of these. It finds what a client has cut, cleaned
 * or exchanged; a client that means to deceive could exchange the card as well, so this need not be a secure hash, which
 * a sandboxed page may lack.
 */
export function markupSum(made: Made): string {
  const text = JSON.stringify(made, sorted);
  let [high, low] = [0xdeadbeef, 0x41c6ce57];
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    high = Math.imul(high ^ unit, 2_654_435_761);
    low = Math.imul(low ^ unit ^ (high >>> 15), 1_597_334_677);
  }
  return [high, low].map((half) => (half >>> 0).toString(16)).join('-');
}

/** Clients may pass on the fields of an object in another order. */
function sorted(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
