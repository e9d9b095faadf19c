//! Every check there is: what it is for, and what to do when it fails. `docs/conformance.md` lists them, compared by a test.

/// One check.
#[derive(Debug, PartialEq, Eq)]
pub struct Check {
    /// Its name, which stays the same.
    pub id: &'static str,
    /// What is expected.
    pub expects: &'static str,
    /// Why the chain relies on it.
    pub matters: &'static str,
    /// What to do when it fails.
    pub remedy: &'static str,
}

macro_rules! checks {
    ($list:ident: $($name:ident = $id:literal, $expects:literal, $matters:literal, $remedy:literal;)+) => {
        $(#[doc = $expects] pub const $name: Check =
            Check { id: $id, expects: $expects, matters: $matters, remedy: $remedy };)+
        /// All of this part, in the order of the report.
        pub const $list: &[&Check] = &[$(&$name,)+];
    };
}

checks! { SOURCE:
    READS_TO_ITS_END = "reads-to-its-end",
        "reading from the start comes to an end, each page within two minutes and each cursor another one",
        "a first load that never ends registers only a part",
        "give each page a cursor of its own, and say `more: false` on the last one";
    NO_REPEATS = "no-repeats",
        "no record comes twice in one read",
        "two rows with one key hide each other, and a pull fetches only one of them",
        "order the pages by something that is unique, and go on strictly after the last row seen";
    READS_ALIKE = "reads-alike",
        "a second read from the start gives the same records about the same people",
        "a record whose key changes is withdrawn and registered anew at every read",
        "derive the key from the source's own key, not from a position or a moment";
    SAYS_COMPLETE = "says-complete",
        "a read from the start says that it is complete",
        "without it nothing that is gone is ever withdrawn",
        "set `complete: true` on the pages of a read that leaves nothing out";
    RESUMES = "resumes",
        "reading on from the cursor of an earlier page gives at least everything that came after it",
        "a sync that is cut off goes on from its last cursor; what is skipped there is never registered",
        "make the cursor say where the next page begins, and keep nothing else in memory";
    CHANGES_ARE_QUIET = "changes-are-quiet",
        "reading on from the last cursor says of no record that is there that it is gone",
        "such a record is withdrawn, and nobody finds it until the next full read",
        "report `Gone` for records only that are gone";
    STRANGE_CURSOR = "strange-cursor",
        "a cursor that the source did not make is refused, or answered by everything there is",
        "after a restore the stored cursor may be another system's; what is silently skipped then stays skipped",
        "check the form of the cursor and answer `Configuration` or `Unavailable`, or begin from the start";
    ITS_CATEGORIES = "its-categories",
        "records are in categories only that the source says it has and that the agreement lets this partner register",
        "others are refused when they are registered, at every sync",
        "mend the configuration of the source, or the agreement";
    ROWS_ARE_USABLE = "rows-are-usable",
        "every row can be used",
        "a row that cannot be used is a person who is not found",
        "mend the rows that the status names; rows that nobody can place also keep what is gone from being withdrawn";
    POISON = "poison",
        "a row that cannot be used is reported, and hides no other",
        "one bad row must not keep a whole source from being registered",
        "report such a row in `refused`, with its record where that can be told, and go on with the next one";
    FETCHES = "fetches",
        "each record that is listed gives a document, within 1.2 seconds",
        "the holder gives up after that, and the asker sees an incomplete dossier",
        "look the record up by an index; prepare what takes long";
    FETCHES_AT_ONCE = "fetches-at-once",
        "eight records that are fetched at the same time each come within 1.2 seconds",
        "several partners ask at the same moment",
        "do not hold a lock while waiting, and open more than one connection";
    UNKNOWN_RECORD = "unknown-record",
        "a record that is not there is `None`, not an error and never another record",
        "a pointer outlives its record for a moment; what is answered then must be \"nothing\"",
        "give `Ok(None)` when the key finds nothing";
    UNKNOWN_CATEGORY = "unknown-category",
        "a known key in a category that the source does not have gives no document",
        "a document under the wrong category is disclosed to whom it is not for",
        "look up by category and key together";
    SAME_SUBJECT = "same-subject",
        "the person of each record is the one it was listed under, where the source says so",
        "a key that passed to another person delivers the wrong person's document",
        "implement `subject`, or put the person into the key with `RecordKey`";
    SAME_BIRTH_DATE = "same-birth-date",
        "the birth date of a document is the one of its record",
        "the birth date is compared with the asker's before anything is delivered",
        "take both from the same column";
    DOCUMENTS_FIT = "documents-fit",
        "each document fits the agreement's schema of its category",
        "a document that does not is not delivered",
        "map the columns as the agreement's schema says";
    AS_OF = "as-of",
        "no document is from the future",
        "the asker sees from when it is, and trusts the newest",
        "give the moment at which the source's data were true";
    INVESTIGATIONS = "investigations",
        "what is under investigation is named by pointers into the document",
        "a pointer to nothing marks nothing",
        "write them as JSON pointers of the document, not of the source";
    NOTHING_PERSONAL = "nothing-personal",
        "no number, birth date or key of a record is in what the source says of itself: its Debug, errors and refused rows",
        "those go into logs and reports",
        "write `Debug` by hand, and name rows by place and reason";
    KEYS_ARE_NOT_PEOPLE = "keys-are-not-people",
        "no record's key holds the number of its person",
        "keys are kept longer, and in more places, than the person's data",
        "use the source's own key; without one, `RecordKey`";
    ADDS = "adds",
        "a record that is added is in the next read, from the last cursor and from the start",
        "it is registered by that",
        "order changes by when they are committed, not by when they were begun";
    CHANGES = "changes",
        "a record that is changed gives its new document at the next fetch, and its key stays",
        "documents are never copied: what is pulled is what is there now",
        "do not cache documents";
    REMOVES = "removes",
        "a record that is removed is gone from the next read from the start, and its fetch is `None`",
        "it is withdrawn by that",
        "report deleted rows as `Gone`, or say `complete` on a read that leaves them out";
    SLOW = "slow",
        "a source that has become slow answers or fails within 15 seconds, and other records go on",
        "a source that hangs must not keep the rest of the adapter waiting",
        "put a deadline on every call to the system behind it";
}

checks! { ADAPTER:
    ITS_CERTIFICATE = "its-certificate",
        "the adapter shows a certificate of the chain, with the partner's own number in it, that is valid for 30 days more",
        "nobody sends a proof to somebody who may be another",
        "renew the certificate and reload";
    TLS_VERSION = "tls-version",
        "a caller that speaks TLS 1.1 at most is refused",
        "what it says could be read",
        "offer TLS 1.3, and 1.2 with strong suites at most";
    CLIENT_CERTIFICATE = "client-certificate",
        "a caller without a certificate of the chain gets no answer",
        "who asks is known by the certificate alone",
        "demand a client certificate on the service listener";
    HEALTH = "health",
        "the admin listener says that the process lives and is ready",
        "without it nobody sees that an adapter has stopped",
        "look at the log for what is not ready";
    DELIVERS = "delivers",
        "a right grant with right proofs is answered with the document, and it is what was granted",
        "this is what the adapter is for",
        "look at the reason in the adapter's log, and at the checks of the source";
    IN_TIME = "in-time",
        "the document comes within 1.5 seconds",
        "the asker gives up after that",
        "look at `fetches`, and at the distance to the source";
    DOCUMENT_FITS = "document-fits",
        "the document fits the agreement's schema",
        "an asker does not show one that does not",
        "look at `documents-fit`";
    ONCE = "once",
        "a grant that was used is refused for another request",
        "a grant is for one question",
        "keep used grants until they expire, in the database and not in memory";
    SAME_AGAIN = "same-again",
        "the identical request, sent again at once, is answered again",
        "an asker whose line was cut asks again, and has one grant",
        "keep with a used grant which request it was used for";
    OTHER_PERSON = "other-person",
        "proofs about another person are refused as `subject-mismatch`",
        "this is what keeps two people apart",
        "compare the proof with the binding of the record, in constant time";
    OTHER_BIRTH_DATE = "other-birth-date",
        "proofs of another birth date are refused as `birth-date-mismatch`",
        "this is the second thing that keeps two people apart",
        "compare it whenever one is given, demanded or not";
    NO_PROOF = "no-proof",
        "a grant without a subject proof is refused",
        "a switchboard that makes a mistake must not open a document",
        "demand a proof for the binding's epoch";
    OTHER_HOLDER = "other-holder",
        "a grant for another holder is refused",
        "else one grant would open the records of all",
        "compare `aud` with the own number";
    OTHER_CERTIFICATE = "other-certificate",
        "a grant in the hands of another party is refused",
        "a grant that was stolen opens nothing",
        "compare `cnf` with the caller's certificate";
    OTHER_ACTOR = "other-actor",
        "a grant that is used in another person's name is refused as `actor-mismatch`",
        "the holder's log would name the wrong person",
        "compare the actor and its salt with `actor_hash`";
    TAMPERED_SIGNATURE = "tampered-signature",
        "a grant whose signature was changed is refused",
        "else anybody could make one",
        "check the signature before anything else is believed";
    TAMPERED_CLAIMS = "tampered-claims",
        "a grant whose end was put off is refused",
        "else it would never end",
        "check the signature over the claims as they came";
    NO_ALGORITHM = "no-algorithm",
        "a grant that says `alg: none` is refused",
        "what the caller sends decides nothing about how it is checked",
        "accept ES256 and nothing else";
    UNKNOWN_KEY = "unknown-key",
        "a grant signed with a key that the switchboard does not publish is refused",
        "else anybody could sign",
        "take keys from the switchboard's published set only";
    NO_GRANT = "no-grant",
        "a text that is no grant is refused, not a fault",
        "a fault is an alarm for nothing",
        "refuse what cannot be read";
    EXPIRED = "expired",
        "a grant that has expired is refused as `grant-expired`",
        "a decision of long ago is no decision",
        "compare `exp` with the clock, with 30 seconds of leeway";
    UNKNOWN_PATH = "unknown-path",
        "a path that is not offered is 404 with problem details",
        "callers tell by it that they have the wrong version",
        "answer in one form everywhere";
    UNKNOWN_METHOD = "unknown-method",
        "a method that is not offered is 405 with problem details",
        "callers tell by it that they have the wrong version",
        "answer in one form everywhere";
    MEDIA_TYPE = "media-type",
        "a body of another media type is 415 with problem details",
        "what is not JSON is not guessed at",
        "demand application/json";
    MALFORMED = "malformed",
        "a body that is no JSON, or has a member nobody knows, is 400 with problem details",
        "a member that is ignored may have been a condition",
        "refuse unknown members, all mistakes at once";
    TOO_LARGE = "too-large",
        "a body of 8 MB is refused, in time, and the adapter goes on",
        "everything has a bound",
        "limit the body where it is read";
    REFUSALS_TELL_NOTHING = "refusals-tell-nothing",
        "no refusal repeats a grant, a proof, or anything of a person",
        "refusals end up in the logs of others",
        "word refusals without values";
    STILL_DELIVERS = "still-delivers",
        "after all that, a right grant is answered as before",
        "bad requests of one must not harm the others",
        "look at what the adapter's log says of the requests before";
}
