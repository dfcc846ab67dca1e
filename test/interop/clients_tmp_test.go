package interop
func wgetVisit(e *errand) {}
func wgetFetch(e *errand) result { return result{} }
func tnftpVisit(e *errand) {}
func tnftpFetch(e *errand) result { return result{} }
func ftplibVisit(e *errand) {}
func ftplibFetch(e *errand) result { return result{} }
