package main

func plot(r *results, w *work) string { return "" }
