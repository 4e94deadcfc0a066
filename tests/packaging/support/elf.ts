/** What an ELF executable consists of (elf(5)), as far as loaders look at it; 64 bit, little-endian. */

/** The types of segments that tests look at. */
export const PT = { LOAD: 1, NOTE: 4, PHDR: 6 } as const;
const HEADER_BYTES = 64;
const SEGMENT_BYTES = 56;
const PAGE_BYTES = 4096;

export interface Segment {
  readonly type: number;
  /** In the file. */
  readonly offset: number;
  /** In memory, before the loader has chosen a place. */
  readonly address: number;
  readonly fileBytes: number;
  readonly memoryBytes: number;
}

export interface Elf {
  readonly segments: readonly Segment[];
  /** Where the table of segments is in the file. */
  readonly table: { readonly offset: number; readonly bytes: number };
}

export interface Note {
  readonly owner: string;
  readonly type: number;
  readonly content: Uint8Array;
}

/** Reads the header and the table of segments. */
export function readElf(file: Uint8Array): Elf {
  const view = viewOf(file);
  const [start, count] = [Number(view.getBigUint64(32, true)), view.getUint16(56, true)];
  const segments = Array.from({ length: count }, (_, index): Segment => {
    const at = start + index * SEGMENT_BYTES;
    const number = (offset: number) => Number(view.getBigUint64(at + offset, true));
    return {
      type: view.getUint32(at, true),
      offset: number(8),
      address: number(16),
      fileBytes: number(32),
      memoryBytes: number(40),
    };
  });
  return { segments, table: { offset: start, bytes: count * SEGMENT_BYTES } };
}

/** The notes of a segment of that type. */
export function notesIn(file: Uint8Array, { offset, fileBytes }: Segment): readonly Note[] {
  const view = viewOf(file);
  const notes: Note[] = [];
  for (let at = offset; at < offset + fileBytes;) {
    const [ownerBytes, bytes] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
    const content = at + 12 + aligned(ownerBytes);
    notes.push({
      owner: new TextDecoder().decode(file.subarray(at + 12, at + 12 + ownerBytes - 1)),
      type: view.getUint32(at + 8, true),
      content: file.subarray(content, content + bytes),
    });
    at = content + aligned(bytes);
  }
  return notes;
}

/**
 * What a loader would refuse, or map wrongly; none if the file is sound. Some (gVisor, and Linux before
 * 5.18) take the table of segments to be in memory at its offset in the file, from the first segment on.
 */
export function faultsOf(file: Uint8Array): readonly string[] {
  const { segments, table } = readElf(file);
  const loaded = segments.filter(({ type }) => type === PT.LOAD);
  const faults: string[] = [];
  const expect = (holds: boolean, fault: string) => void (holds || faults.push(fault));
  for (const [index, segment] of segments.entries()) {
    const { type, offset, address, fileBytes, memoryBytes } = segment;
    expect(offset + fileBytes <= file.length, `segment ${index} ends behind the file`);
    if (type !== PT.LOAD) continue;
    expect(memoryBytes >= fileBytes, `segment ${index} has less memory than content`);
    expect((address - offset) % PAGE_BYTES === 0, `segment ${index} cannot be mapped`);
  }
  for (const [index, segment] of loaded.slice(1).entries()) {
    const before = loaded[index];
    const end = (before?.address ?? 0) + (before?.memoryBytes ?? 0);
    expect(segment.address >= end, `the loaded segments ${index} and ${index + 1} overlap`);
  }
  const bias = (loaded[0]?.address ?? 0) - (loaded[0]?.offset ?? 0);
  const at = segments.find(({ type }) => type === PT.PHDR);
  expect(at?.offset === table.offset, "PT_PHDR is not the table of segments");
  expect(
    at?.address === table.offset + bias,
    "the table of segments is not at its offset in memory",
  );
  expect(table.offset >= HEADER_BYTES, "the table of segments overlaps the header");
  const holds = ({ offset, fileBytes, address }: Segment) =>
    offset <= table.offset && table.offset + table.bytes <= offset + fileBytes &&
    address - offset === bias;
  expect(loaded.some(holds), "the table of segments is not loaded");
  return faults;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
