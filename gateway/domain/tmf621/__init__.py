"""TM Forum's Trouble Ticket API (TMF621) and the tickets of this gateway: `reading` takes a document apart, `telling` writes
one, `patching` changes one as its standard says, `listing` filters, `versions` makes v4 of v5. What a document says beyond
what is understood here is kept as it is. The mapping is written down for people in schemas/tmf621.md."""
