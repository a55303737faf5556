import { openMemory } from "../../../src/storage/memory.ts";
import { storageSuite } from "../../conformance/storage-suite.ts";

storageSuite("memory", () => openMemory());
