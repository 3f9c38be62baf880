/** Which field names hide a secret. The words are those of `contract/scrubbing.json`, held together by a test. */

/** Whole names, then long words that also count as the end of a name: `newPassword`, `user_email`. */
const SECRET =
  /^(?:(http|proxy)?authorization|(http|set)?cookies?|credentials?|cv[cv]2?|(access|session)key|bearer|ccnumber|jwt|mobilenumber|otp|pan|passcode|password(confirmation|hash)|phone|pwd|socialsecurity|ssn|telephone)$|(?:(api|private|secret)key|(card|phone|socialsecurity)number|creditcard|email(address)?|pass(phrase|wd|word)|secret|token)$/;

export type NameRule = (name: string) => boolean;

/** The rule with the application's own names added. Answers are remembered: events ask about the same few names. */
export function createNameRule(own: string[]): NameRule {
  const more = own.map(bare);
  const known = new Map<string, boolean>();
  return (name) => {
    let secret = known.get(name);
    if (secret === undefined) {
      const text = bare(name);
      secret = SECRET.test(text) || more.includes(text);
      if (known.size < 500) known.set(name, secret);
    }
    return secret;
  };
}

function bare(name: string): string {
  return name.toLowerCase().replace(/[-_. ]/g, '');
}
