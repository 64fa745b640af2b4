"""One clock over the whole chain (design rules R1–R23, R35), as pure folds: records → effective times (`reconcile`) → who
held the ticket at every instant (`ledger`, `tree`) → clocks (`clocks`) → shares of a breach (`attribution`) and of what is
left (`budget`). The same set of records gives the same result, in whatever order they came."""
